"""What goes wrong in a guest or its emulator ends in a clear error, in time, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.board.pool import BoardPool
from mpy_harness.board.scripts import DeviceScript
from mpy_harness.errors import (
    EmulatorDied,
    EndlessOutput,
    FirmwareSilent,
    GuestException,
    GuestFault,
    GuestReset,
    GuestTimeout,
    MachineryError,
    NativeLoop,
    PythonLoop,
    ToolMissing,
)
from mpy_harness.firmware.natmods import NatmodBuild
from mpy_harness.machines import Clock
from mpy_harness.machines.qemu.machine import Qemu
from mpy_harness.targets import Target, load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.misbehaving import SOURCE, build_misbehaving, line_of
from tests.emulator.tiny import MAKEFILE

TIMEOUT = 2.0

# Vectors, and a loop that prints nothing.
SILENT = """
.syntax unified
.thumb
.section .text
.word 0x10010000
.word start + 1
.thumb_func
start: b start
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> NatmodBuild:
    return build_misbehaving(tmp_path_factory.mktemp("natmods"))


@pytest.fixture(scope="session")
def misbehaving(built) -> Path:
    return built.path


@dataclass
class Watch:
    seconds: float = -1.0


@contextlib.contextmanager
def within(timeout: float, board: Board | None = None) -> Iterator[Watch]:
    """Fail if the block takes much longer than its timeout, by the board's clock: twice, and two seconds.

    Without a board it is the host's clock, on which others may take nearly all of the time.
    """
    watch = Watch()
    clock = board.machine.clock if board is not None else Clock()
    longest = 2 * timeout + 2 if board is not None else 20 * timeout + 2
    begun = clock.now()
    yield watch
    watch.seconds = clock.now() - begun
    assert watch.seconds < longest


@pytest.fixture
def recovers(m33: Target, pool: BoardPool) -> Callable[[Board], None]:
    """Check that a board is known to be broken and that the next test gets a fresh one."""

    def check(broken: Board) -> None:
        assert not broken.usable
        with pytest.raises(MachineryError, match=r"no longer usable.*hard_reset\(\) starts it again"):
            broken.eval("1")
        fresh = pool.board(m33)
        assert fresh is not broken
        assert fresh.eval("'spoiled' in globals(), 6 * 7") == (False, 42)

    return check


@pytest.fixture
def spoiled(m33: Target, pool: BoardPool) -> Board:
    """A board with something in its globals that no other test may see."""
    board = pool.board(m33)
    board.exec("spoiled = True")
    return board


# --- the emulator --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_emulator_crashes_mid_test(spoiled, recovers, number):
    pid = spoiled.machine.process.pid
    spoiled.exec("import time")
    # The emulator dies while the guest runs: a process of its own sends the signal meanwhile.
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -{int(number)} {pid}"])
    with within(TIMEOUT, spoiled), pytest.raises(EmulatorDied, match=rf"m33 ended \(signal {number.name}\)"):
        spoiled.exec("while True: time.sleep_ms(1)", timeout=TIMEOUT)
    assert killer.wait(10) == 0
    recovers(spoiled)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_emulator_is_ended_by_somebody_else(spoiled, recovers, number):
    # QEMU then ends as well as when its guest resets: with status 0.
    pid = spoiled.machine.process.pid
    killer = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -{int(number)} {pid}"])
    words = rf"(?s)m33 ended \(status 0, from outside: host-signal\).*signal {int(number)}"
    with within(TIMEOUT, spoiled), pytest.raises(EmulatorDied, match=words):
        spoiled.exec("import time\nwhile True: time.sleep_ms(1)", timeout=TIMEOUT)
    assert killer.wait(10) == 0
    recovers(spoiled)


def test_emulator_is_ended_from_its_monitor(spoiled, recovers):
    spoiled.machine.execute("quit")
    with within(TIMEOUT, spoiled), pytest.raises(EmulatorDied, match="from outside: host-qmp-quit"):
        spoiled.eval("1", timeout=TIMEOUT)
    recovers(spoiled)


def test_emulator_crashes_between_two_calls(spoiled, recovers):
    os.kill(spoiled.machine.process.pid, signal.SIGKILL)
    with within(TIMEOUT, spoiled), pytest.raises((EmulatorDied, MachineryError)):
        spoiled.eval("1", timeout=TIMEOUT)
    recovers(spoiled)


def test_emulator_is_stopped(spoiled, recovers):
    # Not dead, but it does nothing any more, as on a machine that swaps.
    os.kill(spoiled.machine.process.pid, signal.SIGSTOP)
    with within(TIMEOUT, spoiled), pytest.raises((GuestTimeout, MachineryError)):
        spoiled.eval("1", timeout=TIMEOUT)
    with within(2 * TIMEOUT, spoiled):  # it has to be killed
        recovers(spoiled)


def private_target(folder: Path, text: str, become: str) -> Target:
    folder.mkdir()
    original = load_target("m33").folder
    description = (original / "target.toml").read_text(encoding="utf-8")
    assert text in description
    (folder / "target.toml").write_text(description.replace(text, become), encoding="utf-8")
    return load_target(str(folder))


def test_emulator_that_exits_at_once(make_board, tmp_path):
    target = private_target(tmp_path / "mine", '"mps2-an505"', '"mps2-an9999"')
    with within(TIMEOUT), pytest.raises(EmulatorDied) as caught:
        make_board(target=target)
    message = str(caught.value)
    assert "unsupported machine type" in message
    assert "mps2-an9999" in message
    assert "Command: " in message
    assert make_board().eval("6 * 7") == 42


def test_emulator_that_cannot_be_run(make_board, tmp_path, monkeypatch):
    binary = tmp_path / "bin" / "qemu-system-arm"
    binary.parent.mkdir()
    binary.write_text("no program\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binary.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ToolMissing, match=r"(?s)cannot be started: Exec format error.*apt install qemu-system-arm"):
        make_board()


def test_emulator_missing(make_board, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"qemu-system-arm is not on PATH.*apt install qemu-system-arm"):
        make_board()
    monkeypatch.undo()
    assert make_board().eval("6 * 7") == 42


# --- the firmware --------------------------------------------------------------------------------


def test_firmware_that_prints_nothing(make_board, pool, m33, monkeypatch, tmp_path):
    (tmp_path / "silent.s").write_text(SILENT)
    image = tmp_path / "silent.elf"
    subprocess.run(
        ["arm-none-eabi-gcc", "-mcpu=cortex-m33", "-nostdlib", "-Wl,-Ttext=0x10000000", "-Wl,-estart",
         "-o", image, tmp_path / "silent.s"],
        check=True, timeout=60,
    )  # fmt: skip
    with within(TIMEOUT) as watch, pytest.raises(FirmwareSilent) as caught:
        make_board(image=image, boot_seconds=TIMEOUT)
    assert watch.seconds > TIMEOUT
    assert f"{image} showed no MicroPython prompt within 2 s. Its console said nothing." in str(caught.value)
    assert "mpy-harness setup m33 --force" in str(caught.value)
    assert make_board().eval("6 * 7") == 42
    # A run that gives calls longer than a boot usually has gives it to the boot as well.
    monkeypatch.setattr("mpy_harness.board.pool.BOOT_SECONDS", 0.1)
    pool.given_firmware, pool.timeout = image, 1.0
    with pytest.raises(FirmwareSilent, match=r"(?s)within 1 s\..*builds its own .*A busy .*--board-timeout"):
        pool.board(m33)


@pytest.mark.parametrize("content", [b"", b"this is no firmware\n" * 50, b"\x7fELF" + bytes(200)])
def test_firmware_image_that_is_garbage(make_board, tmp_path, content):
    image = tmp_path / "garbage.elf"
    image.write_bytes(content)
    with within(TIMEOUT), pytest.raises(MachineryError) as caught:
        make_board(image=image, boot_seconds=TIMEOUT)
    assert isinstance(caught.value, (EmulatorDied, FirmwareSilent))
    assert "garbage.elf" in str(caught.value)
    assert len(str(caught.value)) < 800  # without QEMU's dump of all registers


def test_firmware_image_that_is_truncated(make_board, firmware, tmp_path):
    image = tmp_path / "half.elf"
    image.write_bytes(firmware.elf.read_bytes()[: firmware.elf.stat().st_size // 2])
    with within(TIMEOUT), pytest.raises((EmulatorDied, FirmwareSilent), match=r"half\.elf"):
        make_board(image=image, boot_seconds=TIMEOUT)


def test_firmware_image_that_does_not_exist(make_board, tmp_path):
    with within(TIMEOUT), pytest.raises(MachineryError, match=r"none\.elf"):
        make_board(image=tmp_path / "none.elf", boot_seconds=TIMEOUT)


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "kind", "words"),
    [
        ("write", (4,), "MemManage", ["must not be written", "at address 0x00000004"]),
        ("read", (0xA0000010,), "MemManage", ["does not exist", "at address 0xa0000010"]),
        ("write", (0x10000040,), "MemManage", ["must not be written", "at address 0x10000040"]),
        ("undefined", (), "UsageFault", ["undefined instruction"]),
        ("divide", (0,), "UsageFault", ["integer division by zero"]),
        ("jump", (0x80000001,), "MemManage", ["must not be executed"]),
        ("jump", (0x10000000,), "UsageFault", ["not Thumb code"]),
        ("lock_up", (), "Lockup", ["could not be handled"]),
        ("recurse", (), "UsageFault", ["stack overflow: the stack pointer passed its limit"]),
    ],
)
def test_fault_in_native_code(spoiled, recovers, misbehaving, function, arguments, kind, words):
    module = spoiled.import_native(misbehaving)
    with within(TIMEOUT, spoiled), pytest.raises(GuestFault) as caught:
        getattr(module, function)(*arguments, timeout=TIMEOUT)
    assert caught.value.kind == kind
    message = str(caught.value)
    assert ("the core locked up: " if kind == "Lockup" else f"the core took a {kind}: ") in message
    for word in words:
        assert word in message
    assert set(caught.value.registers) >= {"pc", "lr", "sp"}
    assert caught.value.registers["sp"]
    recovers(spoiled)


@pytest.fixture(params=["m33", "m4-stm32", "rv32"])
def any_board(request, pool: BoardPool) -> Board:
    """A board of some of the targets whose firmware shows native code, by name."""
    return pool.board(target_or_skip(request.param))


@pytest.fixture
def built_for_it(any_board, tmp_path) -> NatmodBuild:
    return build_misbehaving(tmp_path, any_board.target.name)


def test_variables_in_c_are_fresh_after_a_soft_reset(any_board):
    # The state of random's generator is one (extmod/modrandom.c).
    numbers = []
    for _ in range(2):
        any_board.soft_reset()
        numbers.append(any_board.eval("[__import__('random').getrandbits(30) for _ in range(3)]"))
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == 3


def test_fault_names_function_and_line(any_board, built_for_it):
    module = any_board.import_native(built_for_it)
    with pytest.raises(GuestFault) as caught:
        module.undefined()
    line = line_of("volatile (UNDEFINED)")
    assert f"pc is in undefined() of the native module misbehaving, misbehaving.c:{line}\n" in str(caught.value)


def test_fault_in_a_finished_module_names_its_offset(any_board, built_for_it):
    module = any_board.import_native(built_for_it.path)
    with pytest.raises(GuestFault) as caught:
        module.undefined()
    found = re.search(r"pc is in the native module misbehaving, misbehaving\+(0x\w+)", str(caught.value))
    assert found is not None
    offset = int(found[1], 16)
    function = next(each for each in built_for_it.functions if each.name == "undefined")
    assert function.offset <= offset < function.offset + function.size


def test_stack_overflow_names_the_function_that_calls_itself(any_board, built_for_it):
    module = any_board.import_native(built_for_it)
    with pytest.raises(GuestFault, match="stack overflow") as caught:
        module.recurse()
    deeper, recurse = line_of("? deeper(room)"), line_of("deeper(&zero)")
    assert re.findall(r"(?:called from|ra is in) (.*)", str(caught.value)) == [
        f"deeper() of the native module misbehaving, misbehaving.c:{deeper}",
        f"recurse() of the native module misbehaving, misbehaving.c:{recurse}",
    ]


def test_jump_to_nowhere_names_who_jumped(any_board, built_for_it):
    module = any_board.import_native(built_for_it)
    with pytest.raises(GuestFault) as caught:
        module.jump(0x90000001)
    line = line_of("(void (*)(void))")
    told = f"is in jump() of the native module misbehaving, misbehaving.c:{line}"
    assert f"lr {told}" in str(caught.value) or f"ra {told}" in str(caught.value)
    assert "pc is in memory that is kept neither for the firmware nor for native modules" in str(caught.value)


def test_fault_in_the_firmware_names_the_native_caller(any_board, built_for_it):
    module = any_board.import_native(built_for_it)
    with pytest.raises(GuestFault, match=r"pc is in \w+\(\) of the firmware") as caught:
        module.print_from(0x90000000)
    line = line_of("(const char *)")
    assert f"print_from() of the native module misbehaving, misbehaving.c:{line}" in str(caught.value)


def test_loop_names_function_and_line(any_board, built_for_it):
    module = any_board.import_native(built_for_it)
    with pytest.raises(NativeLoop, match=r"spin\(\) of the native module misbehaving, misbehaving\.c:\d+"):
        module.spin(timeout=TIMEOUT)


def test_endless_output_names_function_and_line(spoiled, tmp_path):
    module = spoiled.import_native(build_misbehaving(tmp_path, spoiled.target.name))
    with pytest.raises(EndlessOutput) as caught:
        module.chatter(timeout=TIMEOUT)
    line = line_of("again and again")
    assert f"called from chatter() of the native module misbehaving, misbehaving.c:{line}" in str(caught.value)


def test_fault_in_a_module_that_a_script_imports(m33, pool, tmp_path):
    folder = tmp_path / "natmods" / "misbehaving"
    folder.mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE.format(name="misbehaving"))
    (folder / "misbehaving.c").write_text(SOURCE)
    (tmp_path / "script.py").write_text("import misbehaving\nmisbehaving.undefined()\n")
    script = DeviceScript(tmp_path / "script.py", tmp_path, natmods=(tmp_path / "natmods",))
    modules = script.modules(m33)
    board = pool.board(m33, script.host_files(modules))
    board.may_import(*modules.builds.values(), *modules.files)
    with pytest.raises(GuestFault, match=r"pc is in undefined\(\) of the native module misbehaving, misbehaving\.c:\d"):
        script.run(board)


def test_fault_in_the_firmware_names_its_function(spoiled):
    # A type with a zeroed slot table in a made-up object: the firmware itself follows the pointer.
    with pytest.raises(GuestFault, match=r"pc is in \w+\(\) of the firmware") as caught:
        spoiled.exec("import uctypes\nuctypes.bytes_at(0xa0000000, 16)[3]\nuctypes.bytearray_at(0xa0000000, 4)[0] = 1")
    assert "address 0xa00000" in str(caught.value)


def test_fault_of_semihosting_opens_no_host_file(spoiled, recovers, misbehaving, tmp_path):
    module = spoiled.import_native(misbehaving)
    with within(TIMEOUT, spoiled), pytest.raises(GuestFault, match="breakpoint"):
        module.host_open(f"{tmp_path}/opened\0", timeout=TIMEOUT)
    assert not (tmp_path / "opened").exists()
    recovers(spoiled)


# --- what does not end ---------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["spin", "spin_deaf"])
@pytest.mark.parametrize("timeout", [0.5, TIMEOUT])
def test_endless_loop_in_native_code(spoiled, recovers, misbehaving, function, timeout):
    module = spoiled.import_native(misbehaving)
    with within(timeout, spoiled) as watch, pytest.raises(NativeLoop) as caught:
        getattr(module, function)(timeout=timeout)
    assert watch.seconds > timeout / 2
    assert f"did not end within {timeout:g} s and did not react to Ctrl-C" in str(caught.value)
    assert "It was executing at 0x" in str(caught.value)
    assert "in the native module misbehaving, misbehaving+0x" in str(caught.value)
    recovers(spoiled)


def test_code_that_catches_ctrl_c(spoiled, recovers):
    words = r"or code that catches KeyboardInterrupt. It was executing"
    with within(TIMEOUT, spoiled), pytest.raises(NativeLoop, match=words):
        spoiled.exec("while True:\n try:\n  while True: pass\n except KeyboardInterrupt: pass", timeout=TIMEOUT)
    recovers(spoiled)


LOOP = """
def outer():
    inner()

def inner():
    while True:
        pass  # line 7

print("begun")
outer()
"""


@pytest.mark.parametrize("timeout", [0.5, TIMEOUT])
def test_endless_loop_in_python(spoiled, timeout):
    with within(timeout, spoiled) as watch, pytest.raises(PythonLoop) as caught:
        spoiled.exec(LOOP, timeout=timeout, name="loop.py")
    assert watch.seconds > timeout / 2
    message = str(caught.value)
    assert f"did not end within {timeout:g} s; it was here:" in message
    for line in ('File "loop.py", line 10, in <module>', 'File "loop.py", line 3, in outer', "in inner"):
        assert line in message
    assert "_mpyh" not in message
    assert "begun" in spoiled.console.tail()
    assert spoiled.usable  # Ctrl-C ended the loop, the guest is as it was
    assert spoiled.eval("spoiled") is True


@pytest.fixture
def shared_processor(spoiled: Board) -> Iterator[Board]:
    """A board whose emulator has to share its one processor with six other busy processes."""
    assert isinstance(spoiled.machine, Qemu)
    one = min(os.sched_getaffinity(0))
    busy = [sys.executable, "-c", f"import os\nos.sched_setaffinity(0, {{{one}}})\nwhile True: pass"]
    with contextlib.ExitStack() as others:
        for thread in Path(f"/proc/{spoiled.machine.process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {one})
        for _ in range(6):
            process = others.enter_context(subprocess.Popen(busy))
            others.callback(process.kill)
        yield spoiled


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how long a process waited for a processor")
def test_a_busy_host_is_not_the_guests_fault(shared_processor):
    begun, lost = time.monotonic(), shared_processor.machine.clock.lost
    words = rf"(?s)within {TIMEOUT:g} s; it was here:.*The host was busy: by its clock that took \d+ s\."
    with pytest.raises(PythonLoop, match=words):
        shared_processor.exec("while True: pass", timeout=TIMEOUT)
    lost = shared_processor.machine.clock.lost - lost
    assert lost > TIMEOUT
    # The guest had its time, and no more.
    assert TIMEOUT / 3 < time.monotonic() - begun - lost < 2 * TIMEOUT + 2
    assert shared_processor.eval("6 * 7") == 42


def test_sleeping_too_long(spoiled):
    with within(TIMEOUT, spoiled), pytest.raises(PythonLoop):
        spoiled.exec("import time\ntime.sleep(3600)", timeout=TIMEOUT)
    assert spoiled.eval("6 * 7") == 42


def test_waiting_for_input(spoiled):
    with within(TIMEOUT, spoiled), pytest.raises(PythonLoop):
        spoiled.exec("import sys\nsys.stdin.read(1)", timeout=TIMEOUT)
    assert spoiled.eval("6 * 7") == 42


@pytest.mark.parametrize("source", ["while True: print('again', end='')", "while True: print('again and again')"])
def test_output_that_never_ends(spoiled, recovers, source):
    words = "still printing after 2 s; it was here:"
    with within(TIMEOUT, spoiled) as watch, pytest.raises(EndlessOutput, match=words):
        spoiled.exec(source, timeout=TIMEOUT)
    assert watch.seconds > TIMEOUT / 2
    assert "again" in spoiled.console.tail()
    recovers(spoiled)


def test_output_that_never_ends_from_native_code(spoiled, recovers, misbehaving):
    module = spoiled.import_native(misbehaving)
    words = r"did not react to Ctrl-C\. It was executing at 0x"
    with within(TIMEOUT, spoiled), pytest.raises(EndlessOutput, match=words):
        module.chatter(timeout=TIMEOUT)
    recovers(spoiled)


def test_importing_what_does_not_end(spoiled, recovers, tmp_path):
    spoiled.files.put(b"while True:\n    pass\n", "/endless.py")
    with within(TIMEOUT, spoiled), pytest.raises(PythonLoop, match=r'File "/?endless.py"'):
        spoiled.exec("import endless", timeout=TIMEOUT)
    assert spoiled.eval("6 * 7") == 42


# --- ends that the guest chooses -----------------------------------------------------------------


def test_reset_by_the_guest(spoiled, recovers):
    with within(TIMEOUT, spoiled), pytest.raises(GuestReset, match=r"reset or stopped the machine \(machine.reset\(\)"):
        spoiled.exec("import machine\nmachine.reset()", timeout=TIMEOUT)
    recovers(spoiled)


def test_soft_reset_by_the_guest_ends_the_program_only(spoiled):
    with pytest.raises(GuestException) as caught:
        spoiled.exec("import machine\nmachine.soft_reset()")
    assert caught.value.type == "SystemExit"
    assert spoiled.eval("6 * 7") == 42


@pytest.mark.parametrize(
    ("statement", "message"), [("sys.exit()", "0"), ("sys.exit(3)", "3"), ("raise SystemExit('enough')", "enough")]
)
def test_system_exit(spoiled, statement, message):
    with pytest.raises(GuestException) as caught:
        spoiled.exec(f"import sys\nprint('before')\n{statement}")
    assert (caught.value.type, caught.value.message) == ("SystemExit", message)
    assert caught.value.output == "before\r\n"
    assert spoiled.eval("6 * 7") == 42


def test_hard_reset_after_a_fault(spoiled):
    with pytest.raises(GuestReset):
        spoiled.exec("import machine\nmachine.reset()")
    spoiled.hard_reset()
    assert spoiled.usable
    assert spoiled.eval("'spoiled' in globals(), 6 * 7") == (False, 42)


# --- output that is not text ---------------------------------------------------------------------


def test_split_utf8(spoiled):
    source = """
import sys, time
for byte in "aé€😀z".encode():
    sys.stdout.write(bytes([byte]))
    time.sleep_ms(20)
"""
    assert spoiled.exec(source) == "aé€😀z"


def test_truncated_utf8(spoiled):
    assert spoiled.exec("import sys\nsys.stdout.write('whole €'.encode()[:-1])") == "whole �"
    assert spoiled.eval("6 * 7") == 42
    assert spoiled.console.tail()


def test_every_byte_can_be_printed(spoiled):
    source = "import sys\nfor byte in range(256):\n  sys.stdout.write(bytes([byte]))"
    out = spoiled.exec(source, timeout=TIMEOUT)
    assert out == bytes(range(256)).decode("utf-8", "replace")
    assert spoiled.eval("6 * 7") == 42
    assert spoiled.console.tail()
