# What several files of the guest's program need: modules, and what host and guest have agreed on.
#
# Runs on MicroPython. firmware/guest_program.py joins files of this folder to one program, and this one is the first: a
# name of one file is known in all of them. The program is compiled on the host and frozen into the firmware, or sent
# after every reset to a firmware that does not have it. It lives in builtins, under a name of two bytes
# (board/channel.py) because each byte that the host sends takes time.
#
# Its size and the number of its names decide where the heap has room and how long MicroPython looks for names, and with
# that how many instructions programs of the user take. After a change, compare the counts of all cases with those
# before it (docs/baselines.md). A name that begins with "_" and is a const() costs nothing: the compiler puts its value
# where it stands, if it is defined above.

# The imports come before the file system of the harness is mounted. An import looks for a file first; there, that
# would ask the host, which needs this program.
import array
import binascii
import builtins
import gc
import os
import struct
import sys

import uctypes

# What begins the signs that the host looks for in the output (board/signs.py).
_END = const(b"\x04")
_ASK = const(b"\x0e")
_PLANS = ("exec", "eval", "call", "script")  # requests that run a program of the user

# Modes of a request (board/requests.py).
_COUNTED = const(1)
_COUNTED_BY_NAME = const(2)
_WATCHED = const(4)

# Kinds of marks: what surrounds a region (counting/plugin_lines.py).
_BARE = const(0)  # calls from bytecode
_REQUEST = const(1)  # a request of the host, until _END_OF_REQUEST
_WITH = const(2)
_END_OF_ALL = const(3)  # no region begins, all that are open end
_END_OF_REQUEST = const(11)
_NATIVE = const(5)  # calls from native and viper code
_VIPER = const(6)
_NATIVE_WITH = const(7)
_VIPER_WITH = const(8)

# Kinds of entries in a folder, as MicroPython's file systems tell them, and an error of theirs.
_FOLDER = const(0x4000)
_FILE = const(0x8000)
_EEXIST = const(17)
