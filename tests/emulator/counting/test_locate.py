"""Native modules are found in the guest's memory by pieces of their code; all of them are real builds."""

from __future__ import annotations

import dataclasses
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from mpy_harness.board import Board
from mpy_harness.counting.locate import Block, CodeImage, ModulePlacements, images_of
from mpy_harness.counting.profile import Function
from mpy_harness.errors import CorruptModule, ToolMissing
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.natmods import NatmodBuild, build_natmod
from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.resources import natmods_dir

NAMES = ("arrayutils", "fft", "fir", "iir", "trees")
HEAP = 0x20001000


@pytest.fixture(scope="module")
def source() -> Source:
    return micropython_source("1.26.1")


def build(folder: Path, arch: str, source: Source) -> NatmodBuild:
    try:
        return build_natmod(folder, arch, source=source, micropython=source.version)
    except ToolMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["armv6m", "armv7m", "armv7emsp", "rv32imc"])
def images(request: pytest.FixtureRequest, source: Source, tmp_path_factory: pytest.TempPathFactory) -> list[CodeImage]:
    """Our modules with their functions, and one of MicroPython's as if it were a stranger's, without."""
    ours = [images_of(build(natmods_dir() / name, request.param, source)) for name in NAMES]
    example = build(source.path / "examples" / "natmod" / "deflate", request.param, source)
    strangers = tmp_path_factory.mktemp("strangers") / "deflate.mpy"
    shutil.copy(example.path, strangers)
    return [image for found in [*ours, images_of(strangers)] for image in found]


@pytest.fixture(scope="module")
def soft(source: Source) -> dict[str, CodeImage]:
    """Modules for a core without an FPU, which have much of libgcc in common."""
    return {name: image for name in NAMES for image in images_of(build(natmods_dir() / name, "armv6m", source))}


def loaded(image: CodeImage, at: int, chance: random.Random) -> bytes:
    """Return an image's text as a loader leaves it at an address."""
    text = bytearray(image.text)
    for part in image.patched:
        for word in range(part.start, part.stop, 4):
            value = struct.unpack_from("<I", text, word)[0] + chance.choice(
                [at, 0x10000000 + chance.randrange(1 << 20)]
            )
            struct.pack_into("<I", text, word, value & 0xFFFFFFFF)
    return bytes(text)


def pieces(text: bytes, at: int, chance: random.Random, share: float = 1.0) -> list[Block]:
    """Cut code at random into blocks of one to 24 halfwords, and return a share of them."""
    blocks, offset = [], 0
    while offset < len(text):
        size = 2 * chance.randrange(1, 25)
        if chance.random() < share:
            blocks.append((at + offset, text[offset : offset + size]))
        offset += size
    return blocks


def function(image: CodeImage, name: str) -> tuple[int, bytes]:
    (found,) = [one for one in image.functions if one.name == name]
    return found.offset, image.text[found.offset : found.offset + found.size]


def expected(image: CodeImage, offset: int) -> Function:
    """Return what an address shall be called: by the last function that begins before it and has not ended."""
    around = [one for one in image.functions if one.offset <= offset < one.offset + one.size]
    name = max(around, key=lambda one: one.offset).name if around else f"{image.name}+{offset:#x}"
    return Function(name, image.name, "natmod")


def is_code(image: CodeImage, offset: int) -> bool:
    """Tell whether no block that is at an offset can be made of patched words, which are no code."""
    return all(offset < part.start - 48 or offset >= part.stop + 48 for part in image.patched)


def where(located: ModulePlacements) -> set[tuple[int, str]]:
    return {(placement.address, placement.image.name) for placement in located.placements}


@pytest.mark.parametrize("seed", range(6))
def test_modules_are_found_and_their_functions_named(images, seed):
    chance = random.Random(seed)
    share = chance.uniform(0.2, 1.0)
    blocks: list[Block] = []
    placed, at = {}, HEAP
    for image in chance.sample(images, 5):
        placed[at] = image
        blocks += pieces(loaded(image, at, chance), at, chance, share)
        at += (len(image.text) + chance.randrange(400) + 31) // 16 * 16
    noise = [(at + 2 * chance.randrange(2000), chance.randbytes(2 * chance.randrange(1, 25))) for _ in range(150)]
    blocks += noise
    chance.shuffle(blocks)
    located = ModulePlacements(blocks, images)
    assert where(located) == {(at, image.name) for at, image in placed.items()}
    for at, image in placed.items():
        assert len(image.text) > 900
        for offset in range(0, len(image.text), 2):
            name = located.name(at + offset)
            assert name == expected(image, offset) or (name is None and not is_code(image, offset))
        assert located.name(at + len(image.text) + 2) is None
    assert located.name(HEAP - 2) is None
    assert all(located.name(address) is None for address, _ in noise)


def test_a_stranger_is_named_by_offset(images):
    (stranger,) = [image for image in images if not image.functions]
    located = ModulePlacements(pieces(stranger.text, HEAP, random.Random(1)), images)
    assert located.name(HEAP + 0x12C) == Function("deflate+0x12c", "deflate", "natmod")


def test_patched_words_are_tolerated_and_no_others(images):
    for image in images:
        chance = random.Random(len(image.text))
        text = loaded(image, HEAP, chance)
        assert text != image.text
        # Blocks of which each has patched words among others.
        starts = sorted({max(0, part.start - 12) // 4 * 4 for part in image.patched})
        code = [(HEAP + start, text[start : start + 28]) for start in starts if start + 28 <= len(text)]
        sound = pieces(image.text[: image.patched[0].start - 64], HEAP, chance)
        tolerant = ModulePlacements(sound + code, [image])
        strict = ModulePlacements(sound + code, [dataclasses.replace(image, patched=())])
        assert tolerant.placements[0].blocks > strict.placements[0].blocks >= 2
        damaged = [(address, bytes([block[0] ^ 1]) + block[1:]) for address, block in sound]
        assert ModulePlacements(damaged, [image]).placements == ()


def test_what_is_patched_alone_tells_nothing(soft):
    image = soft["trees"]
    chance = random.Random(5)
    longest = max(image.patched, key=len)
    noise = [(HEAP + at, chance.randbytes(4)) for at in range(longest.start, longest.stop, 4)]
    noise += pieces(chance.randbytes(400), HEAP + longest.stop, chance)
    assert ModulePlacements(noise, [image]).placements == ()
    assert not image.holds(chance.randbytes(4), longest.start)
    assert image.holds(image.text[longest.start - 4 : longest.start] + chance.randbytes(4), longest.start - 4)
    assert image.holds(image.text[-20:], len(image.text) - 20)
    assert not image.holds(image.text[-20:], len(image.text) - 18)
    assert not image.holds(image.text[-2:] + image.text[:4], -2)


def test_the_same_module_twice(images):
    chance = random.Random(7)
    module, again = images[3], HEAP + 0x5670
    blocks = [block for at in (HEAP, again) for block in pieces(loaded(module, at, chance), at, chance, 0.5)]
    located = ModulePlacements(blocks, images)
    assert where(located) == {(HEAP, "iir"), (again, "iir")}
    offset, _ = function(module, "filter_run")
    assert located.name(HEAP + offset) == located.name(again + offset) == Function("filter_run", "iir", "natmod")


def test_helpers_in_common_are_told_apart_by_what_else_was_executed(soft):
    iir, fir = soft["iir"], soft["fir"]
    helper = "__aeabi_fmul"
    assert function(iir, helper)[0] != function(fir, helper)[0]
    common = sum(a == b for a, b in zip(function(iir, helper)[1], function(fir, helper)[1], strict=True))
    assert common > 600  # bytes: all but some calls

    def executed(image: CodeImage, at: int, *names: str) -> list[Block]:
        chance = random.Random(at)
        return [
            block
            for name in names
            for offset, code in [function(image, name)]
            for block in pieces(code, at + offset, chance)
        ]

    # Of the one, next to nothing but the helper was executed; the other is not even there.
    located = ModulePlacements(executed(fir, HEAP, helper, "filter_reset"), [iir, fir])
    assert where(located) == {(HEAP, "fir")}
    # Both are there, at addresses that put the one's helper where the other's would be, had it been there.
    near = HEAP + 0x3000
    both = executed(iir, HEAP, helper, "filter_reset") + executed(fir, near, helper, "filter_reset", "fir_new")
    for order in ([iir, fir], [fir, iir]):
        located = ModulePlacements(both, order)
        assert where(located) == {(HEAP, "iir"), (near, "fir")}
        for image, at in ((iir, HEAP), (fir, near)):
            assert located.name(at + function(image, helper)[0]) == Function(helper, image.name, "natmod")


def test_memory_that_is_used_again(soft):
    chance = random.Random(3)
    blocks = dict(pieces(loaded(soft["iir"], HEAP, chance), HEAP, chance, 0.6))
    older = dict(blocks)
    newer = dict(pieces(loaded(soft["fir"], HEAP + 16, chance), HEAP + 16, chance, 0.6))
    blocks |= newer  # of each address, the newest is known
    located = ModulePlacements(blocks.items(), list(soft.values()))
    assert where(located) == {(HEAP, "iir"), (HEAP + 16, "fir")}
    for address in filter(lambda address: is_code(soft["fir"], address - HEAP - 16), newer):
        assert located.name(address) == expected(soft["fir"], address - HEAP - 16)
    left = {address for address in older.keys() - newer.keys() if is_code(soft["iir"], address - HEAP)}
    assert len(left) > 20
    for address in left:
        assert located.name(address) == expected(soft["iir"], address - HEAP)


def test_memory_that_several_use_again(soft):
    """The first, in whose range the others are, explains less of the code there than they do together."""
    chance = random.Random(4)
    first = soft["fft"]
    others = {HEAP + 16: soft["iir"], HEAP + 2000: soft["arrayutils"]}
    assert all(len(image.text) < 0.85 * len(first.text) for image in others.values())
    assert sum(len(image.text) for image in others.values()) > 1.2 * len(first.text)
    blocks = pieces(first.text, HEAP, chance)
    for at, image in others.items():
        blocks += pieces(image.text, at, chance)
    located = ModulePlacements(blocks, list(soft.values()))
    assert where(located) == {(HEAP, "fft"), *((at, image.name) for at, image in others.items())}


def test_code_that_is_nobodys_in_the_midst_of_a_module(soft):
    chance = random.Random(6)
    image = soft["iir"]
    offset, code = function(image, "filter_run")
    blocks = [*pieces(image.text[:offset], HEAP, chance), (HEAP + offset, code[:100])]
    stranger = (HEAP + offset + 20, chance.randbytes(30))
    located = ModulePlacements([*blocks, stranger], [image])
    assert located.name(stranger[0]) is None
    assert located.name(HEAP + offset) == located.name(stranger[0] + 4) == expected(image, offset)
    elsewhere = HEAP + len(image.text) - 40
    assert located.name(elsewhere) == expected(image, len(image.text) - 40)  # nothing known but what is around
    located = ModulePlacements([*blocks, (elsewhere - 2, chance.randbytes(8))], [image])
    assert located.name(elsewhere) is None


def test_an_unknown_module_gets_no_names_of_another(soft):
    unknown, known = soft["trees"], soft["iir"]
    located = ModulePlacements(pieces(unknown.text, HEAP, random.Random(2)), [known])
    own = [one for one in unknown.functions if one.name not in {other.name for other in known.functions}]
    assert len(own) > 5
    for one in own:
        for offset in range(one.offset, one.offset + one.size, 2):
            assert located.name(HEAP + offset) is None


def test_a_helper_alone_amid_unknown_code_makes_no_module(soft):
    unknown, known = soft["trees"], soft["iir"]
    offset, helper = function(known, "__clzsi2")
    assert helper == function(unknown, "__clzsi2")[1]
    blocks = [(HEAP + offset + at, helper[at : at + 20]) for at in range(0, len(helper), 20)]
    assert where(ModulePlacements(blocks, [known])) == {(HEAP, "iir")}
    _, code = function(unknown, "trees_new")
    assert len(code) > 4 * len(helper)
    blocks += pieces(code, HEAP + 0x100, random.Random(0))
    assert ModulePlacements(blocks, [known]).placements == ()


def test_many_lives(images):
    """Modules were all over the same memory, and bits of them are left; those of the last life are known."""
    chance = random.Random(11)
    blocks: dict[int, bytes] = {}
    last: list[tuple[int, CodeImage, dict[int, bytes]]] = []
    for _ in range(25):
        at = HEAP + 16 * chance.randrange(100)
        last = []
        for image in chance.sample(images, 3):
            last.append((at, image, dict(pieces(loaded(image, at, chance), at, chance, 0.5))))
            blocks |= last[-1][2]
            at += (len(image.text) + chance.randrange(2000) + 31) // 16 * 16
    located = ModulePlacements(blocks.items(), images)
    for at, image, code in last:
        for address in filter(lambda address: is_code(image, address - at), code):
            # One or two instructions may also be what another module had there.
            if len(code[address]) > 4:
                assert located.name(address) == expected(image, address - at)


def test_little_evidence_is_none(images):
    image = next(image for image in images if image.name == "iir")
    assert ModulePlacements([], images).placements == ()
    assert ModulePlacements([(HEAP, b"")], []).name(HEAP) is None
    for blocks in (
        [(HEAP + 64, image.text[64:164])],
        [(HEAP + 64, image.text[64:70]), (HEAP + 90, image.text[90:96])],
    ):
        located = ModulePlacements(blocks, [image])
        assert located.placements == ()
        assert located.name(HEAP + 64) is None
    assert ModulePlacements([(HEAP + 64, image.text[64:84]), (HEAP + 90, image.text[90:100])], [image]).placements


def test_of_equal_modules_the_first_is_believed(soft):
    twins = [dataclasses.replace(soft["fft"], name=name) for name in ("one", "other")]
    blocks = pieces(soft["fft"].text, HEAP, random.Random(0))
    assert where(ModulePlacements(blocks, twins)) == {(HEAP, "one")}
    assert where(ModulePlacements(blocks, twins[::-1])) == {(HEAP, "other")}


def test_files_without_a_native_module(tmp_path):
    (tmp_path / "it.py").write_text("def f(): return 1\n")
    subprocess.run([mpy_cross("1.26.1"), "it.py"], cwd=tmp_path, check=True, timeout=60)
    assert images_of(tmp_path / "it.mpy") == ()
    (tmp_path / "bad.mpy").write_bytes(b"M\6")
    with pytest.raises(CorruptModule):
        images_of(tmp_path / "bad.mpy")


def test_where_the_guest_has_them(make_board, source):
    """The loader's own work: the text as it is in the guest's memory, and where a function of it really is."""
    board: Board = make_board()
    builds = [build(natmods_dir() / name, board.target.natmod.arch, source) for name in ("iir", "fft")]
    images = [image for built in builds for image in images_of(built)]
    for life in range(2):
        blocks: list[Block] = []
        begins = {}
        for image, built in zip(images, builds, strict=True):
            board.exec("import gc; " + "kept = bytearray(5000)" * life)  # elsewhere, the second time
            module = board.import_native(built.path)
            # The second word of a function object of one argument is its address, with Thumb's bit (py/obj.h).
            pointer = board.call("lambda m: __import__('uctypes').bytearray_at(id(m.new) + 4, 4)", module)
            begins[image.name] = struct.unpack("<I", pointer)[0] - 1 - function(image, f"{image.name}_new")[0]
            text = board.call(
                "lambda at, size: bytes(__import__('uctypes').bytearray_at(at, size))",
                begins[image.name],
                len(image.text),
            )
            assert text != image.text
            blocks += pieces(text, begins[image.name], random.Random(life), 0.5)
        assert where(ModulePlacements(blocks, images)) == {(begins[name], name) for name in begins}
        board.soft_reset()
