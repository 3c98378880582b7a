"""Boards from data: the code in targets/boards for every core that it takes, and what is wrong in a board's table."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from mpy_harness.architectures.cores import CORES
from mpy_harness.errors import ProgramInvalid, TargetInvalid
from mpy_harness.firmware.board_sources import board_sources
from mpy_harness.firmware.sources import Source
from mpy_harness.programs.build import build_program
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target
from tests.emulator.absent import target_or_skip

M33 = (targets_dir() / "m33" / "target.toml").read_text(encoding="utf-8")
M4 = (targets_dir() / "m4-stm32" / "target.toml").read_text(encoding="utf-8")
RV32 = (targets_dir() / "rv32" / "target.toml").read_text(encoding="utf-8")
ARCHES = {"cortex-m0": "armv6m", "cortex-m0plus": "armv6m", "cortex-m3": "armv7m"}
DOUBLES = {"cortex-m7": "armv7emdp", "cortex-m55": "armv7emdp"}
# Those of the boards' files that are MicroPython's: not its qstrs, which only a build makes.
OF_MICROPYTHON = ("common_dir/board_main.c", "common_dir/board_console.c", "common_dir/board_memory.c",
                  "common_dir/board_time.c", "shared_dir/board_enter.c")  # fmt: skip

#: An AVR has no MicroPython: tests/emulator/test_small_cores.py.
WITH_MICROPYTHON = [name for name, core in CORES.items() if core.code is None]


def described(folder: Path, text: str, *changes: tuple[str, str]) -> Target:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    folder.mkdir()
    (folder / "target.toml").write_text(text, encoding="utf-8")
    return load_target(str(folder))


def of_core(folder: Path, core: str) -> Target:
    if core == "rv32imc":
        target_or_skip("rv32")
        return described(folder, RV32)
    arch = (ARCHES | DOUBLES).get(core, "armv7emsp")
    text = re.sub(r"\[cycles\]\nclock = .*\n", "", M4)  # of which not all cores have a model
    return described(folder, text, ('"cortex-m4"', f'"{core}"'), ('"armv7emsp"', f'"{arch}"'))


def compiled(target: Target, folder: Path, *arguments: str) -> str:
    """Return what an ELF tool of the target's compiler says."""
    done = subprocess.run(
        [f"{target.cross}{arguments[0]}", *arguments[1:]],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def picolibc(target: Target) -> list[str]:
    """Return the flag that finds the headers of picolibc, where that is the compiler's C library."""
    specs = compiled(target, target.folder, "gcc", "-print-file-name=picolibc.specs").strip()
    return [f"--specs={specs}"] if Path(specs).is_absolute() else []


@pytest.mark.parametrize("core", WITH_MICROPYTHON)
def test_a_program_links_for_each_core(core: str, tmp_path: Path) -> None:
    target = of_core(tmp_path / "mine", core)
    (tmp_path / "main.c").write_text(
        "long long volatile n = 7;\nint main(void) { return (int)((float)n * 1.5f); }\n", encoding="utf-8"
    )
    program = build_program(target, [tmp_path / "main.c"], tmp_path / "built")
    attributes = compiled(target, tmp_path, "readelf", "-A", str(program.elf))
    assert ("Tag_FP_arch" in attributes) == ("-mfloat-abi=hard" in CORES[core].flags)
    assert "Tag_ARM_ISA_use: Yes" not in attributes  # in no library either: these cores have Thumb alone
    assert ("rv32" in core) == bool(re.search(r'Tag_RISCV_arch: "rv32i\w+_m\w+_c\w+"', attributes))
    symbols = compiled(target, tmp_path, "nm", "-S", str(program.elf))
    (size,) = re.findall(r"^\w+ (\w+) T chip_protect$", symbols, re.MULTILINE)
    assert (int(size, 16) > 4) == (CORES[core].mpu is not None)


@pytest.mark.parametrize("core", WITH_MICROPYTHON)
def test_the_files_of_micropython_compile_for_each_core(core: str, source: Source, tmp_path: Path) -> None:
    target = of_core(tmp_path / "mine", core)
    places = board_sources(target).put(tmp_path / "board")
    include = [*places.values(), str(source.path / "ports" / "qemu"), str(source.path)]
    flags = [
        *("-c", "-std=gnu99", "-Os", "-Wall", "-Werror", *CORES[core].flags),
        *(["-mthumb"] if core.startswith("cortex-m") else picolibc(target)),
        *("-DNO_QSTR", "-DMICROPY_HEAP_SIZE=65536", "-DMP_CONFIGFILE=<mpconfigboard.h>"),
        *(f"-I{each}" for each in include),
    ]
    compiled(target, tmp_path, "gcc", *flags, *(str(tmp_path / "board" / file) for file in OF_MICROPYTHON))
    code = compiled(target, tmp_path, "objdump", "-d", "board_enter.o")
    assert ("vmov" in code) == ("-mfloat-abi=hard" in CORES[core].flags)


def test_more_memories_than_can_be_protected_is_said_by_the_compiler(tmp_path: Path) -> None:
    target_or_skip("rv32")
    more = '[[memory]]\nname = "MORE"\norigin = 0x20000000\nlength = 0x1000\nkind = "ram"\n'
    target = described(tmp_path / "mine", RV32, ("[[memory]]", f"{more}[[memory]]"))
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    with pytest.raises(ProgramInvalid, match="more memories than can be protected"):
        build_program(target, [tmp_path / "main.c"], tmp_path / "built")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('chip = "mps2-an505"', 'chip = "z80"'),
            r"firmware\.board\.chip: .*z80\.h cannot be read.*mps2-an505, .*stm32f405",
        ),
        (('core = "cortex-m33"', 'core = "cortex-m99"'), r"core: no compiler flags are known for 'cortex-m99', only"),
        (('kind = "flash"', 'kind = "window"'), "more than one window"),
        (('kind = "flash"', 'kind = "ram"'), 'memory: none is of kind = "flash"'),
        (('shared = "cortex-m"', 'shared = "nothing"'), r"firmware\.shared: there is no folder .*/boards/nothing"),
    ],
)
def test_what_is_wrong_in_a_board_is_said(change: tuple[str, str], message: str, tmp_path: Path) -> None:
    text = re.sub(r"\[cycles\]\nclock = .*\n", "", M33)
    with pytest.raises(TargetInvalid, match=message):
        board_sources(described(tmp_path / "mine", text, change))


def test_an_mpu_that_the_memory_does_not_fit_is_said_by_the_compiler(tmp_path: Path) -> None:
    target = described(tmp_path / "mine", M4, ("length = 0x00020000", "length = 0x00018000"))
    places = board_sources(target).put(tmp_path / "board")
    command = ["arm-none-eabi-gcc", "-c", "-mthumb", "-mcpu=cortex-m4"]
    command += [f"-I{places[name]}" for name in ("BOARD_DIR", "SHARED_DIR", "COMMON_DIR")]
    command.append(str(Path(places["SHARED_DIR"], "board_pmsav7.c")))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "no region of the MPU: RAM_ORIGIN" in done.stderr


def test_a_board_without_mpu_has_a_header_of_its_own_and_other_flags(tmp_path: Path) -> None:
    changes = (('chip = "mps2-an505"', 'chip = "my chip.h"\nmpu = false\nflags = "-mfloat-abi=soft"'),)
    target = described(tmp_path / "mine", M33, *changes)
    (target.folder / "my chip.h").write_text("// mine\n", encoding="utf-8")
    generated = board_sources(target).generated
    assert generated["board_chip.h"] == "// mine\n"
    assert "BOARD_MPU = no_mpu\n" in generated["mpconfigboard.mk"]
    # Said once: with two that differ, GCC links libraries that are for neither.
    assert re.findall("-mfloat-abi=.*", generated["mpconfigboard.mk"]) == ["-mfloat-abi=soft"]


def test_the_memory_map_is_told_once(m33: Target) -> None:
    generated = board_sources(m33).generated
    assert "FLASH : ORIGIN = 0x10000000, LENGTH = 0x00100000" in generated["memory.ld"]
    assert "#define RAM_ORIGIN 0x10100000u\n" in generated["board_map.h"]
    assert "WINDOW(0x80000000u, 0x01000000u)\n" in generated["board_map.h"]
    addresses = {f"{memory.origin:08x}" for memory in m33.memory}
    files = [file for folder in board_sources(m33).folders.values() for file in folder.rglob("*.*")]
    assert files
    for file in files:
        assert not addresses.intersection(re.findall(r"0x([0-9a-f]{8})\b", file.read_text(encoding="utf-8"))), file
