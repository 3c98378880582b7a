"""What the disassembler's text says of a RISC-V instruction: written from mnemonics, to compare the decoder with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tests.decode.decoder import Insn
from tests.decode.disassembly import Line

# Mnemonics without aliases, registers by number.
OBJDUMP_OPTIONS = ("-M", "no-aliases,numeric")

# By mnemonic without "c."; the first pattern that matches whole counts.
CLASSES = [
    ("call", r"(jal|jalr) x[15],.*|jalr x\d+|jal \w+( .*)?"),  # compressed, they name no link register
    ("return", r"jr x[15]|jalr x\d+,-?\d+\(x[15]\)"),
    ("branch", r"(j|jr|jal|jalr|beqz?|bnez?|bltu?|bgeu?) .*"),
    ("load", r"(l[bhwd]u?|lwsp|fl[hwd]|fl[wd]sp|lr\.[wd][.aqrl]*) .*"),
    ("store", r"(s[bhwd]|swsp|fs[hwd]|fs[wd]sp|sc\.[wd][.aqrl]*|amo\w+\.[wd][.aqrl]*) .*"),
    ("multiply", r"mul(h|hu|hsu|w)? .*"),
    ("divide", r"(div|rem)(u|w|uw)? .*"),
    ("float move", r"fmv\.\w\.\w .*|fsgnj\.[shd] \w+,(\w+),\1"),
    ("float add", r"(fadd|fsub|fmin|fmax|feq|flt|fle|fclass|fsgnj|fsgnjn|fsgnjx)\.[shd] .*"),
    ("float multiply", r"fmul\.[shd] .*"),
    ("float multiply-add", r"fn?m(add|sub)\.[shd] .*"),
    ("float divide", r"fdiv\.[shd] .*"),
    ("float square root", r"fsqrt\.[shd] .*"),
    ("float convert", r"fcvt\.\w+\.\w+ .*"),
    ("system", r"(ecall|ebreak|unimp|wfi|mret|sret|fence|fence\.i|fence\.tso|pause|sfence\.vma|csrr[wsc]i?) .*"),
    ("integer", r"(lui|auipc|li|mv|nop|addi(4spn|16sp)?|slti|sltiu|xori|ori|andi) .*"),
    ("integer", r"(add|sub|sll|slt|sltu|xor|srl|sra|or|and|slli|srli|srai)w? .*|addiw .*"),
    ("integer", r"(sh[123]add|xnor|orn|andn|min|minu|max|maxu|add|slli)(\.uw)? .*"),
    ("integer", r"(ro[lr]i?|clz|ctz|cpop)w? .*|(zext\.h|sext\.[bh]|orc\.b|rev8|(bset|bclr|binv|bext)i?) .*"),
]
_EVENTS = [("entry", r"csrrs x\d+,mepc,x0"), ("return", r"[ms]ret .*"), ("wait", r"wfi .*")]

# Their first operand is none that they write.
_WRITES_NONE = re.compile(r"(f?s[bhwd]|f?s[wd]sp|b(eq|ne)z?|b(lt|ge)u?)$")
# Of the compressed ones, these read what they write.
_READS_FIRST = re.compile(r"c\.(jr|jalr|addi|addi16sp|slli|srli|srai|andi|add|sub|xor|or|and|addw|subw)$")


def read(lines: Iterable[Line]) -> Iterator[tuple[Line, Insn]]:
    for line in lines:
        yield line, _read(line)


def _read(line: Line) -> Insn:
    compressed = line.mnemonic.startswith("c.")
    name, operands = line.mnemonic.removeprefix("c."), line.operands.partition(" <")[0]
    text = f"{name} {operands}"
    class_ = next((class_ for class_, pattern in CLASSES if re.fullmatch(pattern, text)), f"{text}: unheard of")
    flow = {"call": "call", "return": "return", "branch": "jump"}.get(class_, "next")
    conditional = name.startswith("b") and flow == "jump"
    first, *others = operands.split(",")
    return Insn(
        class_,
        len(line.code),
        "return" if name in {"mret", "sret"} else flow,
        conditional=conditional,
        target=int(operands.split(",")[-1], 16) if conditional or name in {"j", "jal"} else None,
        words=_words(name, class_),
        load=_load(name, operands, class_),
        move=_move(name, compressed, first, others),
        written=_written(name, compressed, first, class_, conditional),
        event=next((event for event, pattern in _EVENTS if re.fullmatch(pattern, text)), "none"),
    )


def _words(name: str, class_: str) -> int:
    if class_ not in {"load", "store"}:
        return 0
    return 2 if re.match(r"f[ls]d", name) else 1


def _load(name: str, operands: str, class_: str) -> tuple[int, int] | None:
    found = re.search(r"(-?\d*)\(x(\d+)\)$", operands)
    return (int(found[2]), int(found[1] or 0)) if found and class_ == "load" else None


def _move(name: str, compressed: bool, first: str, others: list[str]) -> tuple[int, int] | None:
    copies = name == "mv" or (name == "addi" and not compressed and others[1:] == ["0"])
    if not copies or "x0" in {first, others[0]}:
        return None
    return int(first[1:]), int(others[0][1:])


def _written(name: str, compressed: bool, first: str, class_: str, conditional: bool) -> frozenset[int]:
    if compressed and name in {"jal", "jalr"}:
        first = "x1"
    elif (
        conditional
        or name == "jr"
        or (class_ == "store" and not name.startswith(("sc.", "amo")))
        or name == "sfence.vma"
    ):
        first = ""
    return frozenset({int(first[1:])} & set(range(1, 16))) if re.fullmatch(r"x\d+", first) else frozenset()


def registers_read(line: Line) -> set[str]:
    """Return the registers that the text of an instruction says it reads."""
    name = line.mnemonic
    operands = re.split(r"[,()]", re.sub(r",?[0-9a-f]+ <.*", "", line.operands))  # without the address of a jump
    reads_first = _WRITES_NONE.match(name.removeprefix("c.")) or _READS_FIRST.match(name)
    found = operands if reads_first else operands[1:]
    return {each for each in found if re.fullmatch(r"[xf]([12]?\d|3[01])", each) and each != "x0"}


def first_register(line: Line) -> set[str]:
    """Return the register that the text of an instruction names first: what a load or a multiplication writes."""
    return {line.operands.partition(",")[0]} - {"x0"}
