"""MicroPython's raw REPL with raw-paste flow control (MicroPython manual, "The MicroPython REPL").

A call with a timeout of t seconds is over within t: a part of it is kept for finding out what the guest is doing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from mpy_harness.board.channel import RUN, nothing
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.board.tracebacks import guest_exception
from mpy_harness.errors import ConsoleGarbled, EndlessOutput, HarnessError, NativeLoop, PythonLoop

ASK = b"\x0e"  # shift out: the harness's program in the guest asks the host for something
_CTRL_A, _CTRL_B, _CTRL_C, _CTRL_D, _CTRL_E = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_DONE = _CTRL_D + b">"
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_STILL_PRINTING_SECONDS = 0.3
_INTERRUPT_SECONDS = 1.0
_OUTPUT_LIMIT = 64 << 20


class RawRepl:
    """Runs source text in the guest.

    ``lost`` returns the error to raise when the console has closed, given what was printed last; ``where`` says in
    words where the guest is executing; ``answer`` is called when the guest asks the host something, and returns
    whether it did.
    """

    def __init__(
        self,
        console: Console,
        *,
        lost: Callable[[bytes], HarnessError],
        where: Callable[[], str],
        answer: Callable[[], bool],
    ) -> None:
        self._console = console
        self._lost = lost
        self._where = where
        self._answer = answer

    def enter(self, seconds: float) -> None:
        """Bring the guest's REPL to its raw prompt, whatever was typed at its prompt before.

        Raises WaitedLong where it does not answer.
        """
        deadline = time.monotonic() + seconds
        try:
            self._console.write_bytes(b"\r" + _CTRL_C + _CTRL_C + _CTRL_A)
            self._console.read_until([_BANNER], deadline)
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None

    def soft_reset(self, seconds: float) -> None:
        """Restart MicroPython; the raw prompt comes back.

        Raises WaitedLong where it does not.
        """
        deadline = time.monotonic() + seconds
        try:
            self._console.write_bytes(_CTRL_D)
            self._console.read_until([b"MPY: soft reboot\r\n"], deadline)
            # A program that the firmware runs at its start may print, and the REPL may come up friendly.
            self._console.read_until([_BANNER], deadline)
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None

    def execute(self, source: bytes, seconds: float, before: Callable[[], None] = nothing) -> bytes:
        """Run source text and return what it printed; ``before`` is called when the guest waits for the source.

        Raises GuestException for an exception in the guest, a GuestTimeout where it does not end,
        ConsoleGarbled where the guest does not follow the protocol.
        """
        started = time.monotonic()
        grace = min(1.0, 0.5 * seconds)
        try:
            self._paste(source, started + seconds, before)
            if source == RUN:  # all else is the harness's own, and so is what it prints
                self._console.follow()
            output, error = _split(self._follow(started + seconds - grace, grace, seconds))
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None
        except WaitedLong:
            raise ConsoleGarbled(f"the guest did not finish the raw REPL's exchange within {seconds:g} s") from None
        if error:
            raise guest_exception(error.decode("utf-8", "replace"), output.decode("utf-8", "replace"))
        return output

    def interrupt(self) -> bool:
        """Stop what the guest executes; tell whether it did, and the prompt is there again."""
        try:
            self._console.write_bytes(_CTRL_C)
            self._console.read_until([_DONE], time.monotonic() + _INTERRUPT_SECONDS)
        except (WaitedLong, ConsoleClosed):
            return False
        return True

    def _paste(self, source: bytes, deadline: float, before: Callable[[], None]) -> None:
        console = self._console
        console.write_bytes(_CTRL_E + b"A" + _CTRL_A)
        index, reply = console.read_until([b"R\x01", b"R\x00", b"raw REPL; CTRL-B"], deadline)
        if index != 0:
            raise ConsoleGarbled(f"this firmware's raw REPL has no raw-paste mode (answer {reply[-40:]!r})")
        window = int.from_bytes(self._console.read_exactly(2, deadline), "little")
        before()
        room = window
        at = 0
        while at < len(source):
            if room == 0 or console.unread():
                sign = self._console.read_exactly(1, deadline)
                if sign == _CTRL_A:
                    room += window
                elif sign == _CTRL_D:  # the compiler has given up: the error follows the end sign
                    console.write_bytes(_CTRL_D)
                    return
                else:
                    raise ConsoleGarbled(f"unexpected byte {sign!r} during raw paste")
                continue
            chunk = source[at : at + room]
            console.write_bytes(chunk)
            at += len(chunk)
            room -= len(chunk)
        console.write_bytes(_CTRL_D)
        console.read_until([_CTRL_D], deadline)

    def _follow(self, deadline: float, grace: float, seconds: float) -> bytes:
        # Returns what is printed up to the prompt (see _split), and answers questions of the guest on the way.
        output = bytearray()
        while True:
            try:
                index, before = self._console.read_until([_DONE, ASK], deadline)
            except WaitedLong:
                self._diagnose(output, deadline, grace, seconds)
                raise
            output += before
            if len(output) > _OUTPUT_LIMIT:
                raise EndlessOutput(f"the guest printed more than {_OUTPUT_LIMIT >> 20} MiB")
            if index == 0:
                return bytes(output)
            if not self._answer():
                output += ASK  # a program of the user printed this byte

    def _diagnose(self, output: bytearray, deadline: float, grace: float, seconds: float) -> None:
        console = self._console
        # Where the timeout is short, output at its start does not show what the guest is doing at its end.
        recent = min(_STILL_PRINTING_SECONDS, 0.1 * seconds)
        printing = time.monotonic() - console.last_byte_at < recent
        console.write_bytes(_CTRL_C)
        try:
            _, rest = console.read_until([_DONE], deadline + grace)
        except WaitedLong:
            where = self._where()  # asked for only here, because it takes time
            if printing:
                raise EndlessOutput(
                    f"the guest was still printing after {seconds:g} s and did not react to Ctrl-C. {where}"
                ) from None
            raise NativeLoop(
                f"guest code did not end within {seconds:g} s and did not react to Ctrl-C: a loop in native code, "
                f"or code that catches KeyboardInterrupt. {where}"
            ) from None
        printed, error = _split(bytes(output + rest))
        interrupted = guest_exception(error.decode("utf-8", "replace"), printed.decode("utf-8", "replace"))
        if printing:
            raise EndlessOutput(
                f"the guest was still printing after {seconds:g} s; it was here:\n{interrupted.traceback}"
            )
        raise PythonLoop(f"guest code did not end within {seconds:g} s; it was here:\n{interrupted.traceback}")


def _split(text: bytes) -> tuple[bytes, bytes]:
    # Returns output and traceback. The REPL prints a program's output, Ctrl-D, the traceback, Ctrl-D and the prompt. A
    # program may print Ctrl-D itself, but a traceback will not contain it: the last Ctrl-D separates the two.
    output, _, error = text.rpartition(_CTRL_D)
    return output, error
