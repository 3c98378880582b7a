"""Runs in GDB's Python: adds the symbols of each native module when the guest has loaded it, and stops at faults.

``mpy_harness_modules`` is set before: the file to which the harness writes a line of JSON for each module that may be
loaded. The firmware calls board_ring(BOARD_CODE, ...) when it has put one into place (targets/boards/common).
"""

import json
import re

import gdb

_LOADS, _RINGS = "board_commit_code", "board_ring"
# Where the core is when it has taken a fault, and when an exception of MicroPython has nobody to catch it. On RISC-V one
# function takes faults and interrupts; the place is where the fault has been told on the console.
_FAULTS = {"arm": ("fault_entry", "nlr_jump_fail"), "riscv": ("board_tell_callers",)}
_BOARD_CODE = 1  # board.h
_ARGUMENTS = {"arm": ("r0", "r1", "r2", "r3"), "riscv": ("a0", "a1", "a2", "a3")}
_CAUSES = {3: "HardFault", 4: "MemManage fault", 5: "BusFault", 6: "UsageFault", 7: "SecureFault"}
_placed = []  # begin, end and file of what symbols were added of


def _say(text):
    gdb.write("mpy-harness: %s\n" % text, gdb.STDERR)
    gdb.flush(gdb.STDERR)


def _core():
    name = gdb.selected_frame().architecture().name()
    return "riscv" if name.startswith("riscv") else "arm"


def _register(name):
    return int(gdb.parse_and_eval("(unsigned int)$%s" % name))


def _address(symbol):
    try:
        return int(gdb.parse_and_eval("(unsigned int)&%s" % symbol)) & ~1
    except gdb.error:
        return None


def _word(address):
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, 4)), "little")


def _called_at():
    """Return where the loader rings, None for a firmware that does not."""
    begin = _address(_LOADS)
    if begin is None:
        return None
    architecture = gdb.selected_frame().architecture()
    for each in architecture.disassemble(begin, begin + 256):
        if re.search(r"<%s(\+0)?>" % _RINGS, each["asm"]):
            return each["addr"]
    return None


def _known(code):
    """Return what is known of the module with this code, the newest first; what the loader changes may differ."""
    with open(mpy_harness_modules, encoding="utf-8") as lines:  # noqa: F821
        modules = [json.loads(line) for line in lines]
    for module in reversed(modules):
        text = bytearray.fromhex(module["text"])
        if len(text) > len(code):
            continue
        here = bytearray(code[: len(text)])
        for begin, end in module["patched"]:
            text[begin:end] = here[begin:end] = bytes(len(text[begin:end]))
        if here == text:
            return module
    return None


def _loaded():
    ring, place, size, parts = (_register(name) for name in _ARGUMENTS[_core()])
    if ring != _BOARD_CODE:
        return
    code = bytes(gdb.selected_inferior().read_memory(place, size))
    module = _known(code)
    for each in [each for each in _placed if each[0] < place + size and place < each[1]]:
        _placed.remove(each)
        gdb.execute("remove-symbol-file -a %#x" % each[0], to_string=True)
    if module is None:
        _say("a native module that is not known is at %#x" % place)
        return
    if module["debug"] is None:
        _say("the native module %s is at %#x, without symbols: it was not built here" % (module["name"], place))
        return
    for before, after in module["sources"]:
        gdb.execute("set substitute-path %s %s" % (before, after), to_string=True)
    places = {"bss": _word(parts + 4), "rodata": _word(parts + 8)}
    others = "".join(" -s .%s %#x" % (name, places[name]) for name in module["spaces"] if name in places)
    gdb.execute('add-symbol-file "%s" %#x%s' % (module["debug"], place, others), to_string=True)
    _placed.append((place, place + size, module["debug"]))
    _say("the native module %s is at %#x" % (module["name"], place))


class _Loading(gdb.Breakpoint):
    def stop(self):
        try:
            _loaded()
        except Exception as error:  # whatever it is, the guest goes on
            _say("no symbols for a native module: %s" % error)
        return False


class _Fault(gdb.Breakpoint):
    def __init__(self, address):
        super().__init__("*%#x" % address, internal=True)
        self.silent = True


def _tell_fault():
    names = [frame.name() for frame in (gdb.newest_frame(), gdb.newest_frame().older()) if frame is not None]
    if "nlr_jump_fail" in names:
        _say("an exception of MicroPython that nothing catches")
    elif _core() == "riscv":
        at = _register("mepc")
        _say("the core took a fault (mcause %d) here:" % _register("mcause"))
        gdb.execute("info symbol %#x" % at)
        gdb.execute("info line *%#x" % at)
    else:
        _say("the core took a %s" % _CAUSES.get(_register("xpsr") & 0x1FF, "fault"))
        # Above the handler and the frame that the core made is the code that was interrupted.
        frame = gdb.newest_frame()
        while frame is not None and frame.type() != gdb.SIGTRAMP_FRAME:
            frame = frame.older()
        if frame is not None and frame.older() is not None:
            frame.older().select()
            gdb.execute("frame")


def _stopped(event):
    if isinstance(event, gdb.BreakpointEvent) and any(isinstance(each, _Fault) for each in event.breakpoints):
        try:
            _tell_fault()
        except gdb.error as error:
            _say("where the fault was is not known: %s" % error)


def _ended(event):
    # Also when GDB leaves it. A command that is still to be run when GDB itself ends (gdb.post_event) would crash it.
    gdb.events.before_prompt.connect(_quit)


def _quit():
    gdb.execute("quit")


def _begin():
    at = _called_at()
    if at is None:
        _say("this firmware does not tell where it loads native modules: they have no symbols here")
    else:
        _Loading("*%#x" % at, internal=True).silent = True
    for address in filter(None, map(_address, _FAULTS[_core()])):
        _Fault(address)
    gdb.events.stop.connect(_stopped)
    gdb.events.exited.connect(_ended)


_begin()
