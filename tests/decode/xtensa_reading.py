"""What the disassembler's text says of an Xtensa instruction: written from mnemonics, to compare the decoder with."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.decode.decoder import Insn
from tests.decode.disassembly import Line

# "  10:	0020f0               	nop": bytes as one number. What is data is shown as .byte or .short.
_LINE = re.compile(r"\s*([0-9a-f]+):\t([0-9a-f]{6}|[0-9a-f]{4})\s*\t([^\s.]\S*)\s*(.*)")

# By mnemonic without ".n"; the first pattern that matches whole counts.
CLASSES = [
    ("call", r"callx?(0|4|8|12)"),
    ("return", r"retw?"),
    ("branch", r"jx?|loop|loopnez|loopgtz|bf|bt|b(eq|ne|lt|ge)[zi]?|b(lt|ge)ui?|bany|bnone|bn?all|bb[cs]i?"),
    ("load", r"l8ui|l16[us]i|l32(i|ai|r|e)|lsi[pu]?|lsx[pu]?|ldinc|lddec"),
    ("store", r"s8i|s16i|s32(i|ri|e|c1i|nb)|ssi[pu]?|ssx[pu]?"),
    ("multiply", r"mull|mul16[us]|mul[us]h"),
    ("divide", r"quo[us]|rem[us]"),
    ("dsp", r"u?mul[as]?\.[ad][ad]\.[hl]{2}(\.ld(inc|dec))?"),
    ("float add", r"(add|sub|abs|neg|un|[ou](eq|lt|le))\.s|f64(cmp[hl]|addc|subc)"),
    ("float multiply", r"mul\.s"),
    ("float multiply-add", r"(madd|msub|maddn)\.s"),
    ("float divide", r"(divn|div0|recip0|mkdadj)\.s|f64iter"),
    ("float square root", r"(sqrt0|rsqrt0|mksadj)\.s"),
    ("float convert", r"(round|trunc|floor|ceil|u?float|utrunc|nexp01|addexpm?)\.s|f64(rnd|norm|sexp|sig)"),
    ("float move", r"(mov|const|mov(eqz|nez|ltz|gez|f|t))\.s|rfr|wfr|[rw]ur\.f[cs]r|[rw]f64r"),
    ("system", r"ill|[iers]sync|dsync|excw|memw|extw|rf(e|ue|de|wo|wu|i|me|do|dd)|break|syscall|simcall|rsil|waiti"),
    ("system", r"rer|wer|rotw|[rwx]sr\..*|[rw]ur(\..*)?|[rwpi][id]tlb[01]?|d[ph].*|di[uw]?[lb]?.*|ip.*|ih.*|ii.*"),
    ("system", r"[ls][id]c[tw]|\w+_expstate|read_impwire|[ls]ddr32\.p"),
    ("integer", r"movsp|mov(i|eqz|nez|ltz|gez|f|t)?|nop|and|or|xor|add(i|mi|x[248])?|sub(x[248])?|neg|abs|entry"),
    ("integer", r"ss[lr]|ssa8[lb]|ssai|nsau?|sll?i?|srli?|srai?|src|extui|sext|clamps|minu?|maxu?|saltu?"),
    ("integer", r"(any|all)[48]|(and|or|xor)b|(and|or)bc"),
]


_EVENTS = [
    ("window return", r"rf(wo|wu)"),
    ("return", r"rf(e|ue|de|i|me|do|dd)"),
    ("wait", r"waiti"),
    ("may repeat", r"movsp"),
    ("may end", r"\w+\.s|rfr|wfr|[ls]s[ix][pu]?"),
]


def disassemble(objdump: str, file: Path, *options: str) -> list[Line]:
    """Return the instructions of an ELF or raw file."""
    text = subprocess.run([objdump, *options, str(file)], capture_output=True, text=True, timeout=120, check=True)
    return [_line(match) for match in map(_LINE.match, text.stdout.splitlines()) if match]


def _line(match: re.Match[str]) -> Line:
    address, code, mnemonic, operands = match.groups()
    return Line(int(address, 16), bytes.fromhex(code)[::-1], mnemonic, operands.strip())


def read(lines: Iterable[Line]) -> Iterator[tuple[Line, Insn]]:
    """Return what the decoder should say of each instruction."""
    for line in lines:
        yield line, _read(line)


def _read(line: Line) -> Insn:
    name = line.mnemonic.removesuffix(".n")
    class_ = next((class_ for class_, pattern in CLASSES if re.fullmatch(pattern, name)), f"{name}: unheard of")
    flow = {"call": "call", "return": "return", "branch": "jump"}.get(class_, "next")
    if re.fullmatch(r"rf(e|ue|de|wo|wu|i|me|do|dd)", name):
        flow = "return"
    conditional = flow == "jump" and name not in {"j", "jx"}
    has_target = conditional or name == "j" or (flow == "call" and "x" not in name)
    accesses = class_ in {"load", "store"} or ".ld" in name
    return Insn(
        class_,
        len(line.code),
        flow,
        conditional=conditional,
        target=int(line.operands.partition(" <")[0].split(",")[-1], 16) if has_target else None,
        words=int(accesses),
        event=next((event for event, pattern in _EVENTS if re.fullmatch(pattern, name)), "none"),
    )


# Their first operand is one that they read: what they write is elsewhere, or is that one as well.
_READS_FIRST = re.compile(
    r"s(8|16|32)\w*|ss[ix]p?|ss[lr]|ssa8[lb]|b[a-z0-9]+|j?x|jx|callx\d+|loop\w*|wur\..*|entry"
    r"|mov(eqz|nez|ltz|gez|f|t)(\.s)?|(madd|msub|maddn|divn|mksadj|mkdadj|addexpm?)\.s|u?mul[as]?\.a.*"
)


def registers_read(line: Line) -> set[str]:
    """Return the registers that the text of an instruction says it reads."""
    name = line.mnemonic.removesuffix(".n")
    operands = [each.strip() for each in line.operands.split(",")]
    if name in {"ret", "retw"}:
        return {"a0"}
    if ".ld" in name or name in {"ldinc", "lddec"} or (name.startswith("mul") and ".d" in name):
        found = operands  # the accumulator and registers of MAC16 are none of those that are told
    else:
        found = operands if _READS_FIRST.fullmatch(name) else operands[1:]
    return {each for each in found if re.fullmatch(r"[abf]\d+", each)}
