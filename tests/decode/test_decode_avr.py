"""Every half-word as an AVR instruction, against objdump's reading of it."""

from __future__ import annotations

import re
import struct
import subprocess

import pytest

from tests.decode.decoder import Decoder, Insn

_FOLLOWS = 0x1234  # each half-word, for those that an instruction of two words takes
_LINE = re.compile(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(\S+)[ \t]*(.*)")

# By mnemonic; the first pattern that matches whole counts.
CLASSES = [
    ("multiply", r"mul|muls|mulsu|fmul|fmuls|fmulsu"),
    ("load", r"ldd?|lds|e?lpm|pop"),
    ("store", r"std?|sts|push|xch|la[sct]"),
    ("call", r"r?call|e?icall"),
    ("return", r"reti?"),
    ("branch", r"r?jmp|e?ijmp|br[a-z]{2}"),
    ("system", r"in|out|[cs]bi|[cs]ei|cli|sei|sleep|break|wdr|spm|des"),
    ("integer", r"nop|movw?|ldi|add|adc|adiw|subi?|sbci?|sbiw|cpi?|cpc|andi?|ori?|eor|com|neg|swap|inc|dec"),
    ("integer", r"asr|lsr|ror|bld|bst|(se|cl)[hcinstvz]|cpse|sbr[cs]|sbi[cs]"),
]
SKIPS = ("cpse", "sbrc", "sbrs", "sbic", "sbis")


@pytest.fixture(scope="module")
def disassembly(avr_objdump: str, tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[bytes, str, str]]:
    """Return the bytes, mnemonic and operands that objdump finds at each address, of all half-words."""
    raw = tmp_path_factory.mktemp("avr") / "all.bin"
    raw.write_bytes(b"".join(struct.pack("<HH", word, _FOLLOWS) for word in range(0x10000)))
    command = [avr_objdump, "-D", "-z", "-b", "binary", "-m", "avr:106", str(raw)]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = [_LINE.match(line).groups() for line in text.splitlines() if _LINE.match(line)]  # type: ignore[union-attr]
    return {int(at, 16): (bytes.fromhex(code), name, operands) for at, code, name, operands in found}


def reading(code: bytes, name: str, operands: str) -> Insn:
    """Return what objdump's text says."""
    if name.startswith("."):
        return Insn("unknown", len(code))
    class_ = next((class_ for class_, pattern in CLASSES if re.fullmatch(pattern, name)), f"{name}: unheard of")
    flow = {"call": "call", "return": "return", "branch": "jump"}.get(class_, "next")
    target = re.search(r"0x([0-9a-f]+)", operands.rpartition(";")[2]) if flow in {"call", "jump"} else None
    if name == "rcall" and operands.startswith(".+0"):
        flow, target = "next", None
    return Insn(
        class_,
        len(code),
        flow,
        conditional=name.startswith("br") and name != "break",
        target=int(target.group(1), 16) if target else None,
        words={"call": 2, "return": 2, "load": 1, "store": 1}.get(class_, 0),
    )


def test_every_halfword_is_what_objdump_says(decoder: Decoder, disassembly: dict[int, tuple[bytes, str, str]]) -> None:
    wrong, classes = [], set()
    for word in range(0x10000):
        code, name, operands = disassembly[4 * word]
        if word & 0xFF00 == 0x2F00:
            continue  # with the marks, which are looked at below
        insn = decoder.avr(code, 4 * word)[0]
        target, read = insn.target, reading(code, name, operands)
        if target is not None and read.target is not None:  # objdump thinks that flash has 8 MB at most, and wraps
            target, expected = target % (1 << 23), read.target % (1 << 23)
            if target != expected:
                wrong.append((hex(word), name, operands, insn))
        if (insn, target is None) != (Insn(**{**vars(read), "target": insn.target}), read.target is None):
            wrong.append((hex(word), name, operands, insn))
        classes.add(insn.class_)
    assert wrong == []
    assert classes == {class_ for class_, _ in CLASSES} | {"unknown"}


def test_only_the_marks_are_marks(decoder: Decoder) -> None:
    marks = {}
    for word in range(0x10000):
        (insn, *_) = decoder.avr(struct.pack("<HH", word, 0))
        if insn.mark != "none":
            assert insn == Insn("integer", 2, mark=insn.mark)
            marks[word] = insn.mark
    names = ("zero", "one", "start", "stop", "pause", "resume")
    assert marks == dict(zip(range(0x2F00, 0x2F66, 0x11), names, strict=True))
    assert decoder.avr(b"\x66\x2f") == [Insn("integer", 2)]


@pytest.mark.parametrize("name", SKIPS)
def test_what_may_be_skipped_is_conditional(
    name: str, decoder: Decoder, disassembly: dict[int, tuple[bytes, str, str]]
) -> None:
    call, nop = b"\x0e\x94\x10\x00", b"\x00\x00"
    codes = [code for code, found, _ in disassembly.values() if found == name]
    assert codes
    for code in (codes[0], codes[-1]):
        skip, called, after = decoder.avr(code + call + nop)
        assert not skip.conditional
        assert called == Insn("call", 4, "call", conditional=True, target=0x20, words=2)
        assert not after.conditional


def test_nothing_else_makes_the_next_one_conditional(
    decoder: Decoder, disassembly: dict[int, tuple[bytes, str, str]]
) -> None:
    for code, name, _ in (disassembly[4 * word] for word in range(0x10000)):
        conditional = decoder.avr(code + b"\x00\x00")[1].conditional
        assert conditional == (name in SKIPS), (code, name)
