"""MicroPython's raw REPL with raw-paste flow control (MicroPython manual, "The MicroPython REPL").

A call with a timeout of t seconds is over within t: a part of it is kept for finding out what the guest is doing.
"""

from __future__ import annotations

from collections.abc import Callable

from mpy_harness.board.channel import RUNTIME, nothing
from mpy_harness.board.console import Console, ConsoleClosed, WaitedLong
from mpy_harness.board.signs import Signs
from mpy_harness.board.tracebacks import guest_exception
from mpy_harness.errors import ConsoleGarbled, EndlessOutput, HarnessError, NativeLoop, PythonLoop

_CTRL_A, _CTRL_B, _CTRL_C, _CTRL_D, _CTRL_E = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_DONE = _CTRL_D + b">"
_READY = _CTRL_D + _DONE  # a program has ended, without an exception
_BANNER = b"raw REPL; CTRL-B to exit\r\n>"
_STARTED = b'Type "help()" for more information.\r\n'  # how the friendly prompt is announced
_TYPED = 32  # bytes of source that any console takes at once
_STILL_PRINTING_SECONDS = 0.3
_INTERRUPT_SECONDS = 1.0
_PATIENCE_SECONDS = 0.3
_EXCHANGE_SECONDS = 10.0
_HANDING_SECONDS = 3.0  # for source to be handed over, at least
_OUTPUT_LIMIT = 64 << 20


class RawRepl:
    """Runs source text in the guest.

    ``lost`` returns the error to raise when the console has closed, given what was printed last; ``where`` says in
    words where the guest is executing; ``answer`` is called when the guest asks the host something. Of a machine that
    starts again by itself, ``crashed`` returns the error for what it said before, if that tells of a crash or reset.
    """

    def __init__(
        self,
        console: Console,
        *,
        lost: Callable[[bytes], HarnessError],
        where: Callable[[], str],
        answer: Callable[[], None],
        crashed: Callable[[bytes], HarnessError | None] | None = None,
    ) -> None:
        self._console = console
        self._lost = lost
        self._where = where
        self._answer = answer
        self._crashed = crashed
        self._lost_before = 0.0  # when the request began: of the console's clock
        #: The signs of requests in this life.
        self.signs = Signs()

    def enter(self, seconds: float) -> None:
        """Bring the guest's REPL to its raw prompt, whatever was typed at its prompt before.

        Raises WaitedLong where it does not answer.
        """
        deadline = self._console.clock.now() + seconds
        try:
            self._console.write_bytes(b"\r" + _CTRL_C + _CTRL_C + _CTRL_A)
            self._console.read_until([_BANNER], deadline)
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None

    def wake(self, seconds: float) -> None:
        """Bring a guest that has been on for long to its raw prompt, whatever it does.

        It is asked again and again: a program may catch one Ctrl-C, and a board that starts hears nothing. Raises
        WaitedLong where it does not answer, ConsoleClosed.
        """
        deadline = self._console.clock.now() + seconds
        patience = _PATIENCE_SECONDS
        while True:
            self._console.write_bytes(b"\r" + _CTRL_C + _CTRL_C + _CTRL_A)
            try:
                self._console.read_until([_BANNER], min(deadline, self._console.clock.now() + patience))
            except WaitedLong:
                if self._console.clock.is_past(deadline):
                    raise
                patience *= 2
            else:
                return

    def soft_reset(self, seconds: float) -> None:
        """Restart MicroPython; the raw prompt comes back.

        Raises WaitedLong where it does not.
        """
        deadline = self._console.clock.now() + seconds
        try:
            self._console.write_bytes(_CTRL_D)
            self._console.read_until([b"MPY: soft reboot\r\n"], deadline)
            # A program that the firmware runs at its start may print, and the REPL may come up friendly.
            self._console.read_until([_BANNER], deadline)
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None

    def execute(
        self, source: bytes, seconds: float, before: Callable[[], None] = nothing, signs: Signs | None = None
    ) -> bytes:
        """Run source text and return what it printed; ``before`` is called when the guest waits for the source.

        A short line with nothing to do before is typed, which takes one exchange less than a raw paste.

        ``signs`` are those that the guest's program prints in a request; None for source that is no request. The
        program has ``seconds`` from when it has its source. Raises GuestException for an exception in the guest, a
        GuestTimeout where it does not end, ConsoleGarbled where the guest does not follow the protocol.
        """
        started, self._lost_before = self._console.clock.now(), self._console.clock.lost
        grace = min(1.0, 0.5 * seconds)
        # Handing the source over is no matter of the program's, whose time may be short.
        exchange = max(seconds, _HANDING_SECONDS)
        try:
            if before is nothing and len(source) <= _TYPED:
                self._type(source, started + exchange)
            else:
                self._paste(source, started + exchange, before)
            deadline = self._console.clock.now() + seconds - grace
            if signs is None:
                output, error = _split(self._follow([_DONE], deadline, grace, seconds))
            else:
                self._console.follow(signs)
                output = self._follow([signs.end, signs.ask, signs.ask_in_text], deadline, grace, seconds)
                error = self._error(signs)
        except ConsoleClosed:
            raise self._lost(self._console.before or b"") from None
        except WaitedLong:
            raise ConsoleGarbled(f"the guest did not finish the raw REPL's exchange within {exchange:g} s") from None
        if error:
            raise guest_exception(error.decode("utf-8", "replace"), output.decode("utf-8", "replace"))
        return output

    def interrupt(self) -> bool:
        """Stop what the guest executes; tell whether it did, and the prompt is there again."""
        try:
            self._console.write_bytes(_CTRL_C)
            self._console.read_until([self.signs.end], self._console.clock.now() + _INTERRUPT_SECONDS)
            self._error(self.signs)
        except (WaitedLong, ConsoleClosed):
            return False
        return True

    def _type(self, source: bytes, deadline: float) -> None:
        self._console.write_bytes(source + _CTRL_D)
        self._console.read_until([b"OK"], deadline)

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

    def _follow(self, marks: list[bytes], deadline: float, grace: float, seconds: float) -> bytes:
        """Return what is printed up to the first mark; the others announce a question, which is answered."""
        output = bytearray()
        started = [] if self._crashed is None else [_STARTED]
        while True:
            try:
                index, before = self._console.read_until([*marks, *started], deadline)
            except WaitedLong:
                self._diagnose(output, marks[0], grace, seconds)
                raise
            output += before
            if len(output) > _OUTPUT_LIMIT:
                raise EndlessOutput(f"the guest printed more than {_OUTPUT_LIMIT >> 20} MiB")
            if index == 0:
                return bytes(output)
            if index < len(marks):
                self._answer()
                continue
            output += _STARTED
            if self._crashed is not None and (error := self._crashed(bytes(output))) is not None:
                raise error

    def _error(self, signs: Signs) -> bytes:
        """Return the traceback that follows the output of a request, b"" where there was no exception."""
        deadline = self._console.clock.now() + _EXCHANGE_SECONDS
        begin = self._console.read_exactly(len(_READY), deadline)
        if begin == _READY:
            return b""
        _, rest = self._console.read_until([signs.end], deadline)
        end = self._console.read_exactly(len(_READY), deadline)
        if end != _READY:
            raise ConsoleGarbled(f"unexpected bytes {end!r} behind a traceback")
        return begin + rest

    def _diagnose(self, output: bytearray, mark: bytes, grace: float, seconds: float) -> None:
        console = self._console
        if mark != _DONE and console.unread().endswith(_DONE):
            # The prompt is there without the sign: the guest's program is not what it was.
            printed, error = _split((bytes(output) + console.unread()).removesuffix(_DONE))
            raised = guest_exception(error.decode("utf-8", "replace"), printed.decode("utf-8", "replace"))
            is_other_name = raised.type == "NameError" and RUNTIME.decode() not in raised.message
            if not error or raised.type == "SyntaxError" or is_other_name:
                raise ConsoleGarbled("a request, or the end of its answer, was lost on the console")
            raise raised
        # Where the timeout is short, output at its start does not show what the guest is doing at its end.
        printing = console.receives(min(_STILL_PRINTING_SECONDS, 0.1 * seconds))
        console.write_bytes(_CTRL_C)
        try:
            _, rest = console.read_until([mark], console.clock.now() + grace)
        except WaitedLong:
            where = self._where() + self._busy_host(seconds)  # asked for only here, because it takes time
            if printing:
                raise EndlessOutput(
                    f"the guest was still printing after {seconds:g} s and did not react to Ctrl-C. {where}"
                ) from None
            raise NativeLoop(
                f"guest code did not end within {seconds:g} s and did not react to Ctrl-C: a loop in native code, "
                f"or code that catches KeyboardInterrupt. {where}"
            ) from None
        if mark == _DONE:
            printed, error = _split(bytes(output + rest))
        else:
            printed, error = bytes(output + rest), self._error(self.signs)
        busy = self._busy_host(seconds)
        if not error:
            raise PythonLoop(f"guest code did not end within {seconds:g} s; it has ended a moment later{busy}")
        interrupted = guest_exception(error.decode("utf-8", "replace"), printed.decode("utf-8", "replace"))
        where = f"it was here:\n{interrupted.traceback}{busy}"
        if printing:
            raise EndlessOutput(f"the guest was still printing after {seconds:g} s; {where}")
        raise PythonLoop(f"guest code did not end within {seconds:g} s; {where}")

    def _busy_host(self, seconds: float) -> str:
        # A reader who looked at his watch has seen another time where the host was busy.
        lost = self._console.clock.lost - self._lost_before
        return f"\nThe host was busy: by its clock that took {seconds + lost:.0f} s." if lost > seconds else ""


def _split(text: bytes) -> tuple[bytes, bytes]:
    # Returns output and traceback of source that is no request. The REPL prints the output, Ctrl-D, the traceback,
    # Ctrl-D and the prompt.
    output, _, error = text.rpartition(_CTRL_D)
    return output, error
