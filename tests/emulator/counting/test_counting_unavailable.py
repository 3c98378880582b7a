"""Where nothing can be counted, the error says why, and boards work all the same.

QEMUs that are too old or have no plugins are played by scripts: the real ones cannot be had on this system. What
is asked of them is what QEMU itself answers to --version and -help.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.board.pool import BoardPool
from mpy_harness.counting import plugin
from mpy_harness.errors import BuildFailed, CountingUnavailable, EmulatorDied
from mpy_harness.firmware.image import Firmware
from mpy_harness.firmware.progress import Silent
from mpy_harness.targets import Target

HELP = "-machine [type=]name   selects emulated machine\n-plugin [file=]<file>[,<argname>=<argvalue>]\n"
QEMU = "QEMU emulator version {} (Debian 1:{}+dfsg-1)\nCopyright (c) 2003-2022 Fabrice Bellard"


def program(folder: Path, name: str, answers: dict[str, str], *, status: int = 0) -> Path:
    """Write a program that answers to its last argument, and ends with a status for any other."""
    folder.mkdir(exist_ok=True)
    cases = "".join(f"{option})\ncat <<'END'\n{text}\nEND\nexit 0;;\n" for option, text in answers.items())
    file = folder / name
    file.write_text(
        f'#!/bin/sh\nfor last; do :; done\ncase "$last" in\n{cases}esac\necho no, thanks >&2\nexit {status}\n'
    )
    file.chmod(0o755)
    return file


def only(monkeypatch: pytest.MonkeyPatch, folder: Path, *programs: str) -> None:
    """Have a PATH with nothing but these programs of the machine's."""
    folder.mkdir(exist_ok=True)
    for name in programs:
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"--version": QEMU.format("6.2.0", "6.2")}, "is QEMU 6.2; counting needs 7.2 or newer"),
        ({"--version": QEMU.format("7.1.50", "7.1"), "-help": HELP}, "is QEMU 7.1; counting needs 7.2 or newer"),
        (
            {"--version": "something else 12"},
            "does not tell its version, so nothing can be counted: 'something else 12'",
        ),
        ({"--version": QEMU.format("8.2.0", "8.2"), "-help": "-machine\n"}, "built without TCG plugins"),
        ({"--version": QEMU.format("10.0.2", "10"), "-help": "no -plugin here\n"}, "configure --enable-plugins"),
    ],
)
def test_a_qemu_that_cannot(m33, firmware, tmp_path, monkeypatch, answers, words):
    qemu = program(tmp_path / "bin", "qemu-system-arm", answers)
    monkeypatch.setenv("PATH", f"{qemu.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(CountingUnavailable) as caught:
        machines.kind_of(m33).instrument(firmware.elf, "count", Silent())
    assert words in str(caught.value)
    assert str(qemu) in str(caught.value)


@pytest.mark.parametrize(("release", "api"), [("7.2.0", 1), ("8.2.2", 1), ("9.0.0", 2), ("9.1.0", 3), ("11.3.1", 3)])
def test_versions_of_the_plugin_api(tmp_path, release, api):
    qemu = program(tmp_path, "qemu-system-arm", {"--version": QEMU.format(release, release), "-help": HELP})
    assert plugin.plugin_api(qemu) == api
    assert plugin.plugin_for(qemu, Silent()).is_file()  # it compiles, without a warning


def test_no_compiler(nothing_left, m33, firmware, tmp_path, monkeypatch):
    only(monkeypatch, tmp_path / "bin", "qemu-system-arm", "sh", "cat")
    with pytest.raises(
        CountingUnavailable, match=r"gcc is not installed.*needs it. On Debian: apt install gcc libc6-dev"
    ):
        machines.kind_of(m33).instrument(firmware.elf, "count", Silent())
    boards = BoardPool(tmp_path / "console")
    boards._firmware["m33"] = firmware  # whose tools are not there
    board = boards.board(m33)
    try:
        assert board.eval("6 * 7") == 42
        with pytest.raises(CountingUnavailable, match="gcc is not installed"), board.count():
            board.eval("1")
        assert board.exec("import harness_mark\nwith harness_mark.region('x'): print('runs')") == "runs\n"
    finally:
        boards.close()


def test_a_compiler_that_fails(m33, firmware, tmp_path, monkeypatch):
    program(tmp_path / "bin", "gcc", {"--version": "gcc (of this test) 1.0"}, status=1)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(BuildFailed, match=r"(?s)plugin that counts instructions did not compile.*no, thanks"):
        machines.kind_of(m33).instrument(firmware.elf, "count", Silent())


def test_a_target_without_a_decoder(m33, firmware):
    other = m33.model_copy(update={"natmod": m33.natmod.model_copy(update={"arch": "xtensa"})})
    with pytest.raises(CountingUnavailable, match="instructions of xtensa cannot be counted yet"):
        machines.kind_of(other).instrument(firmware.elf, "count", Silent())


def plugin_of(target: Target, firmware: Firmware) -> plugin.Plugin:
    instrument = machines.kind_of(target).instrument(firmware.elf, "count", Silent())
    assert isinstance(instrument, plugin.Plugin)
    return instrument


def test_a_plugin_that_qemu_refuses(make_board, m33, firmware, tmp_path):
    instrument = plugin_of(m33, firmware)
    library = tmp_path / "broken.so"
    library.write_bytes(instrument.library.read_bytes()[:4000])
    with pytest.raises(EmulatorDied, match=r"broken\.so"):
        make_board(instrument=replace(instrument, library=library))


@pytest.mark.parametrize("change", [{"mode": "nothing"}, {"decoder": "z80"}, {"functions": "0 10 x\n"}])
def test_a_plugin_that_refuses_its_arguments(make_board, m33, firmware, change):
    instrument = machines.kind_of(m33).instrument(firmware.elf, "count", Silent())
    with pytest.raises(EmulatorDied, match="the counting plugin does not understand"):
        make_board(instrument=replace(instrument, **change))


@pytest.mark.parametrize("name", ["with,comma", "with blank", "é"])
def test_a_plugin_in_an_odd_place(make_board, m33, firmware, tmp_path, name):
    instrument = plugin_of(m33, firmware)
    (tmp_path / name).mkdir()
    library = shutil.copy(instrument.library, tmp_path / name)
    board = make_board(instrument=replace(instrument, library=Path(library)))
    with board.count() as count:
        board.eval("6 * 7")
    assert count.instructions > 0
