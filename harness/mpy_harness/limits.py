"""How much the harness takes of what others send: files, archives, answers of a guest, output of programs.

Whoever opens a pull request writes its measurements, and guest code writes its answers. Every limit is here with its
reason, and is checked before the work that it bounds: where the size is known first, nothing is read. All of them are
far above what a real run needs.
"""

from __future__ import annotations

# --- measurements -------------------------------------------------------------------------------

#: Bytes of one file of measurements. A run of this project's own cases is 0.3 MB.
RUN_BYTES = 32 << 20
#: Members of objects, and elements of lists, in such a file: a value of JSON takes up to 200 times its bytes in memory.
RUN_VALUES = 1_500_000
#: Names in such a file that are no fields of the format: those of targets and of native modules. Each can be wrong,
#: and for each that is wrong pydantic keeps an error of some 800 bytes.
RUN_NAMES = 5000
#: Measurements of one run, and contributors to one measurement. A measurement takes about 2 kB of memory.
RUN_MEASUREMENTS, MEASUREMENT_PARTS = 100_000, 2000
#: Source files of native modules in one run, and lines of one of them.
COVERED_FILES, COVERED_LINES = 1000, 100_000
#: Bytes of all files that are put together to one run, or that one workflow run uploaded: 0.8 GB of memory.
RUNS_BYTES = 64 << 20
#: Files of one archive, folder or commit.
RUNS_FILES = 1000
#: Bytes of an archive, and of all that is in it.
ARCHIVE_BYTES, ARCHIVE_EXPANDED_BYTES = 64 << 20, 128 << 20
#: Artifacts of one workflow run; a job for each target writes one.
ARTIFACTS = 50
#: How deep folders are looked into, and at how many entries: a folder can be a whole disk.
FOLDER_DEPTH, FOLDER_ENTRIES = 20, 100_000
#: Bytes of a history: 500 runs of 1000 measurements are 50 MB.
HISTORY_BYTES = 256 << 20
#: Bytes of memory that the job on a workflow run's end may have. More would end it by the kernel, without a word on
#: the pull request; so it ends by a MemoryError, which can be told. The largest comparison that is accepted takes
#: 0.9 GB.
COMMENT_MEMORY_BYTES = 4 << 30
#: Seconds that it may take: a library that finds no memory may wait for itself for ever.
COMMENT_SECONDS = 900

# --- other files --------------------------------------------------------------------------------

#: Bytes of a saved profile, of a .mpy file (more than the flash of any target), and of scripts, descriptions and
#: settings, which people write by hand.
PROFILE_BYTES, MPY_BYTES, TEXT_BYTES = 64 << 20, 16 << 20, 4 << 20
#: Bytes of an image of firmware, with its debugging information.
IMAGE_BYTES = 512 << 20
#: Bytes of all arrays of a file of golden vectors: zeros are compressed to a thousandth of their size.
VECTORS_BYTES = 512 << 20
#: Bytes of a number in a .mpy file: enough for 64 bits, 7 in each. A longer one is nobody's, and takes quadratic time.
MPY_NUMBER_BYTES = 10
#: The largest address: bytes of anything in a module of a 32-bit core.
ADDRESS_SPACE = 1 << 32

# --- the guest ----------------------------------------------------------------------------------

#: Bytes of an answer to a guest's question, where its memory tells no other limit: no board that is reached in that
#: way has more memory; and through a console, which moves some kilobytes a second.
ANSWER_BYTES, CONSOLE_ANSWER_BYTES = 16 << 20, 1 << 20
#: Bytes of a host's file that a guest can open: places in it fit into MicroPython's small integers of a 32-bit core.
GUEST_FILE_BYTES = (1 << 30) - 1
#: Bytes of a question: Linux knows no longer path, and to look for one takes quadratic time.
QUESTION_BYTES = 4096
#: Files in a folder that is listed for a guest: each takes a look at where its links lead.
LISTED_FILES = 10_000
#: Bytes of a value, and pieces of the guest's memory that it is read from: a debugger takes 50 us for each.
VALUE_BYTES, VALUE_PIECES = 64 << 20, 100_000
#: Values in a value (a list of a million takes 1 to 2 s to decode), and how deep they are nested.
VALUES, VALUE_DEPTH = 1_000_000, 100
#: Objects of the guest in one value; each gets a stand-in, which the guest is told to forget.
REFERENCES = 10_000
#: Elements of a set, or keys of a dict, of one hash: each is compared with all others, and hashes of numbers are known.
EQUAL_HASHES = 64
#: Objects that the guest is told to forget with one request: 9 bytes each, they fit into the smallest buffer.
RELEASED_AT_ONCE = 90

# --- programs and servers -----------------------------------------------------------------------

#: Bytes of output that is kept of a program that ran: a list of the files of a commit can be without end.
OUTPUT_BYTES = 16 << 20
#: Bytes of an answer of Renode's monitor: some lines.
MONITOR_BYTES = 1 << 20
#: Bytes of one answer of GitHub's API, pages of a list, and bytes of the event that started a job.
API_ANSWER_BYTES, API_PAGES, EVENT_BYTES = 16 << 20, 100, 32 << 20

# --- tools --------------------------------------------------------------------------------------

#: Seconds in which a tool answers a short question, such as which version it is. It takes a tenth of one, and a hundred
#: times that on a host that is busy enough; one that hangs is seen a little later.
ANSWER_SECONDS = 120.0
