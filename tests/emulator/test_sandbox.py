"""Ways by which a guest could make QEMU start programs: a service that is switched on, code in QEMU's own process."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness.counting.plugin import plugin_api
from mpy_harness.machines.base import End
from mpy_harness.machines.qemu import machine, sandbox
from mpy_harness.machines.qemu.machine import Qemu, QemuSetup
from mpy_harness.programs.build import build_program
from mpy_harness.targets import Target
from tests.emulator.leftovers import soon

# SYS_SYSTEM of semihosting (Arm, "Semihosting for AArch32 and AArch64", section 6.21): the host runs a command.
ASKS = """
static const char command[] = "touch '%s'";
int main(void) {
    const void *block[] = {command, (void *)(sizeof command - 1)};
    register int operation __asm__("r0") = 0x12;
    register const void *parameter __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(parameter) : "memory");
    return 0;
}
"""
# A plugin stands for a guest that has taken over QEMU: it tries when the guest executes its first block.
OWNS = """
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
typedef uint64_t qemu_plugin_id_t;
__attribute__((visibility("default"))) int qemu_plugin_version = %d;
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, void *));
static void translated(qemu_plugin_id_t id, void *block) {
    (void)id, (void)block;
    %s
}
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, void *info, int argc, char **argv) {
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
"""
WAYS = {
    "system": "system(\"touch '%s'\");",
    "fork": 'if (fork() == 0) { execlp("touch", "touch", "%s", (char *)0); _exit(1); }',
    "exec": 'execlp("touch", "touch", "%s", (char *)0);',
}
# QEMU 7.2 is ended by the kernel; 10.0 is refused the new process, and goes on to its guest's own end.
FENCED = {"signal SIGSYS", "status 0"}

Start = Callable[..., tuple[Path, End]]


@pytest.fixture
def qemu() -> Path:
    found = shutil.which("qemu-system-arm")
    assert found is not None
    if not sandbox.sandbox_options(Path(found)):
        pytest.skip("this QEMU or this kernel has no seccomp")
    return Path(found)


@pytest.fixture
def start(m33: Target, qemu: Path, tmp_path: Path) -> Start:
    """Run a program in a QEMU with more options; return what it tries to make on the host, and how QEMU ended."""

    def run(source: str, *options: str) -> tuple[Path, End]:
        file = tmp_path / "program.c"
        file.write_text(source, encoding="utf-8")
        program = build_program(m33, [file], tmp_path / "built")
        setup = QemuSetup(qemu, ["-machine", "mps2-an505", "-kernel", str(program.elf), *options], [], "")
        with contextlib.ExitStack() as undo:
            running = Qemu.launch(setup, None, undo)
            try:
                assert soon(lambda: running.ended() is not None or (tmp_path / "made").exists())
                soon(lambda: running.ended() is not None, 1.0)
                return tmp_path / "made", running.ended() or End("still running", "", by_guest=False)
            finally:
                running.close()

    return run


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start QEMU without its filter."""
    monkeypatch.setattr(machine, "sandbox_options", lambda _: ())


def asks(start: Start, tmp_path: Path) -> tuple[Path, End]:
    return start(ASKS % (tmp_path / "made"), "-semihosting-config", "enable=on,target=native")


def owns(start: Start, qemu: Path, tmp_path: Path, way: str) -> tuple[Path, End]:
    source, library = tmp_path / "plugin.c", tmp_path / "plugin.so"
    source.write_text(OWNS % (plugin_api(qemu), WAYS[way] % (tmp_path / "made")), encoding="utf-8")
    command = ["gcc", "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True, timeout=60, capture_output=True)
    return start("int main(void) { return 0; }", "-plugin", f"file={library}")


@pytest.mark.usefixtures("unguarded")
def test_without_the_filter_a_guest_that_may_ask_gets_out(start, tmp_path):
    made, _ = asks(start, tmp_path)
    assert made.exists()


def test_behind_it_the_guest_does_not(start, tmp_path):
    made, end = asks(start, tmp_path)
    assert not made.exists()
    assert end.how in FENCED


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize("way", WAYS)
def test_without_the_filter_whoever_owns_qemu_starts_programs(way, start, qemu, tmp_path):
    made, _ = owns(start, qemu, tmp_path, way)
    assert made.exists()


@pytest.mark.parametrize("way", WAYS)
def test_behind_it_they_do_not(way, start, qemu, tmp_path):
    made, end = owns(start, qemu, tmp_path, way)
    assert not made.exists()
    assert end.how in FENCED


def test_a_qemu_that_has_no_filter_is_started_without(tmp_path):
    other = tmp_path / "qemu"
    other.write_text("#!/bin/sh\necho 'no seccomp' >&2; exit 1\n")
    other.chmod(0o755)
    assert sandbox.sandbox_options(other) == ()
    assert sandbox.sandbox_options(tmp_path / "nothing") == ()


def test_a_host_that_is_too_busy_for_an_answer_does_not_open_the_fence(tmp_path, monkeypatch):
    late = tmp_path / "qemu-system-arm"
    late.write_text("#!/bin/sh\nexec sleep 60\n")
    late.chmod(0o755)
    monkeypatch.setattr(sandbox, "ANSWER_SECONDS", 0.2)
    assert sandbox.sandbox_options(late)[0] == "-sandbox"
