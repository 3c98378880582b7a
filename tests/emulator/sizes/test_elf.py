"""The sizes of a real image against the toolchain's own figures; of programs made for the purpose too."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from mpy_harness.errors import ImageInvalid
from mpy_harness.firmware.image import Firmware
from mpy_harness.firmware.toolchain import find
from mpy_harness.sizes.elf import ElfSizes, read_elf
from mpy_harness.targets import Target


@pytest.fixture(scope="module")
def sizes(firmware: Firmware, m33: Target) -> ElfSizes:
    return read_elf(firmware.elf, m33)


def berkeley(elf: Path) -> tuple[int, int, int]:
    """Return text, data and bss as the toolchain's ``size`` says."""
    said = subprocess.run(
        [find("arm-none-eabi-size", "checking sizes"), elf], capture_output=True, text=True, check=True, timeout=20
    )
    text, data, bss = said.stdout.splitlines()[1].split()[:3]
    return int(text), int(data), int(bss)


def check(sizes: ElfSizes, elf: Path) -> None:
    text, data, bss = berkeley(elf)
    kinds = sizes.kinds
    assert (kinds["text"] + kinds["rodata"], kinds["data"], kinds["bss"] + kinds["stack"]) == (text, data, bss)
    with elf.open("rb") as file:
        loaded = [segment for segment in ELFFile(file).iter_segments() if segment["p_type"] == "PT_LOAD"]
        assert sizes.flash.bytes == sum(segment["p_filesz"] for segment in loaded)
        assert sizes.ram.bytes == sum(segment["p_memsz"] for segment in loaded if segment["p_flags"] & 2)
    for region in sizes.regions:
        assert region.used == sum(region.sections.values()) == sum(size for _, size in region.tree.leaves())


def test_an_image_has_the_bytes_that_size_and_its_program_headers_say(sizes: ElfSizes, firmware: Firmware) -> None:
    check(sizes, firmware.elf)
    assert [(region.name, region.kind, region.length) for region in sizes.regions] == [
        ("FLASH", "flash", 1 << 20),
        ("RAM", "ram", 3 << 20),
    ]
    assert sizes.kinds["stack"] >= 32 << 10
    assert sizes.kinds["rodata"] > 10_000  # which the linker script puts into .text


def test_symbols_are_those_that_nm_tells(sizes: ElfSizes, firmware: Firmware) -> None:
    said = subprocess.run(
        [find("arm-none-eabi-nm", "checking symbols"), "-S", "--defined-only", firmware.elf],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    by_name: dict[str, set[int]] = {}
    for line in said.stdout.splitlines():
        if len(fields := line.split()) == 4:
            by_name.setdefault(fields[3], set()).add(int(fields[1], 16))
    ours: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for path, size in [*sizes.flash.leaves(), *sizes.ram.leaves()]:
        ours[path[-1]] += size
        seen[path[-1]] += 1
    clear = {name: size for name, size in ours.items() if seen[name] == 1 and len(by_name.get(name, ())) == 1}
    assert len(clear) > 2000
    assert {name: size for name, size in clear.items() if by_name[name] != {size}} == {}
    named = sum(size for name, size in ours.items() if not name.startswith("("))
    assert named > 0.9 * (sizes.flash.bytes + sizes.ram.bytes)


def test_objects_are_files_of_the_build_not_of_this_machine(sizes: ElfSizes) -> None:
    objects = {path[1] for path, _ in sizes.flash.leaves()}
    assert {"py/vm.o", "board_main.o", "extmod/modrandom.o"} < objects
    assert not any(name.startswith(("/", "..")) for name in objects)


def test_without_a_map_sections_stand_for_object_files(firmware: Firmware, m33: Target, tmp_path: Path) -> None:
    alone = tmp_path / "firmware.elf"
    shutil.copy(firmware.elf, alone)
    sizes = read_elf(alone, m33)
    check(sizes, alone)
    assert {child.name for child in sizes.flash.children[0].children} == {".text", ".data"}
    assert ("RAM", ".bss", "heap") in dict(sizes.ram.leaves())


def test_without_a_target_flash_is_what_is_stored(firmware: Firmware) -> None:
    sizes = read_elf(firmware.elf)
    check(sizes, firmware.elf)
    assert [region.name for region in sizes.regions] == ["flash", "ram"]


def test_names_of_cpp_are_readable_and_aliases_count_once(tmp_path: Path) -> None:
    compiler = find("arm-none-eabi-gcc", "compiling a test program")
    find("arm-none-eabi-c++filt", "reading C++ names")
    source, elf = tmp_path / "alias.s", tmp_path / "alias.elf"
    source.write_text(
        "\n".join(
            [
                ".syntax unified\n.thumb\n.text",
                *(f".global {name}\n.type {name}, %function" for name in ("_ZN3dsp3runEPKfi", "other_name")),
                "_ZN3dsp3runEPKfi:\nother_name:",
                *["nop"] * 10,
                *(f".size {name}, 20" for name in ("_ZN3dsp3runEPKfi", "other_name")),
                "",
            ]
        ),
        encoding="utf-8",
    )
    subprocess.run(
        [compiler, "-mcpu=cortex-m33", "-nostdlib", "-Wl,-e,0", source, "-o", elf],
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    sizes = read_elf(elf)
    assert dict(sizes.flash.leaves()) == {("flash", ".text", "dsp::run(float const*, int)"): 20}


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"M\x06\x00\x1f" * 9, b"\x7fELF" + bytes(range(256)) * 4])
def test_what_is_no_image_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "x.elf"
    file.write_bytes(content)
    with pytest.raises(ImageInvalid, match="no"):
        read_elf(file)


def test_damaged_images_are_refused_or_read(firmware: Firmware, tmp_path: Path) -> None:
    whole = firmware.elf.read_bytes()
    file = tmp_path / "x.elf"
    for at in (18, 28, 32, 44, 50, len(whole) - 60, len(whole) - 300):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read_elf(file)
        except ImageInvalid:
            continue
    file.write_bytes(whole[:1000])
    with pytest.raises(ImageInvalid):
        read_elf(file)
