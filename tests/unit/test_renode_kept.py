"""What a chip of Renode's machine holds is there when the machine is started again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mpy_harness.errors import EmulatorRefused, TargetInvalid
from mpy_harness.machines.renode.kept import ALIGNMENT, Kept
from mpy_harness.machines.renode.kind import RenodeTable
from mpy_harness.machines.storage import Storage
from mpy_harness.targets import load_target

SIZE = 0x2000


def as_renode_makes_it(folder: Path) -> Path:
    folder.mkdir()
    file = folder / "renode-sharedSegment-1"
    file.write_bytes(bytes(ALIGNMENT + SIZE))
    return file


def test_a_chip_is_erased_at_first_and_keeps_what_it_has(tmp_path):
    storage = Storage()
    file = as_renode_makes_it(tmp_path / "first")
    first = Kept("chip", SIZE, storage)
    first.fill(file.parent)
    assert file.read_bytes() == bytes(ALIGNMENT) + b"\xff" * SIZE
    with file.open("r+b") as chip:
        chip.seek(ALIGNMENT + 5)
        chip.write(b"written")
    file.unlink()  # as it is once both sides have opened it
    first.keep()
    first.keep()

    file = as_renode_makes_it(tmp_path / "second")
    second = Kept("chip", SIZE, storage)
    second.fill(file.parent)
    assert file.read_bytes()[ALIGNMENT:] == b"\xff" * 5 + b"written" + b"\xff" * (SIZE - 12)
    second.keep()


def test_a_renode_that_shares_no_memory(tmp_path):
    with pytest.raises(EmulatorRefused, match="does not share the memory 'chip' with us"):
        Kept("chip", SIZE, Storage()).fill(tmp_path)


def test_the_platform_has_the_chip_of_the_table():
    target = load_target("renode-blackpill")
    table = target.machine_as(RenodeTable)
    platform = (target.folder / table.platform).read_text(encoding="utf-8")
    found = re.search(rf"^{table.kept}: Memory\.MappedMemory @ sysbus \w+\n    size: (\w+)", platform, re.MULTILINE)
    assert found is not None
    assert int(found.group(1), 16) == table.kept_size
    there = re.findall(r"Memory\.MappedMemory @ .*sysbus (\w+)(?: \})?\n    size: (\w+)", platform)
    memories = {(int(begin, 16), int(size, 16)) for begin, size in there}
    assert {(memory.origin, memory.length) for memory in target.memory} < memories


def test_a_chip_without_its_size_is_refused():
    target = load_target("renode-blackpill")
    machine = {key: value for key, value in target.machine.items() if key != "kept_size"}
    with pytest.raises(TargetInvalid, match=r"(?s)target\.toml.*renode: .*kept and kept_size belong together"):
        target.model_copy(update={"machine": machine}).machine_as(RenodeTable)
