"""What the disassembler's text says of a Thumb instruction: written from mnemonics, to compare the decoder with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from tests.decode.decoder import Insn
from tests.decode.disassembly import Line

CONDITIONS = "eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al"
REGISTERS = {f"r{n}": n for n in range(16)} | {"sl": 10, "fp": 11, "ip": 12, "sp": 13, "lr": 14, "pc": 15}
SP, LR, PC = 13, 14, 15

MARKS = {"r9, r9": "zero", "sl, sl": "one", "fp, fp": "start", "ip, ip": "stop", "r5, r5": "pause", "r6, r6": "resume"}

# By mnemonic without condition, types and width; the first pattern that matches whole counts.
CLASSES = [
    ("return", r"bx(ns)? lr|pop .*pc}|mov pc, lr|ldmia sp!, .*pc}|ldr pc, \[sp\], .*"),
    ("branch", rf"(b|bx|bxns|b({CONDITIONS})|cbn?z|tb[bh]|le|letp|lctp|wls|wlstp|dls|dlstp|bf|bfx|bflx?|bfcsel) .*"),
    ("branch", r"(mov|add|ldr) pc, .*|ldm.* .*pc}"),
    ("call", r"(bl|blx|blxns) .*"),
    ("vector", r"v\w* (.*, )?q\d.*|(lctp|vctp|vpst|vpt).*"),
    ("float add", r"v(add|sub|neg|abs|cmpe?|maxnm|minnm) .*"),
    ("float multiply", r"vn?mul .*"),
    ("float multiply-add", r"v(f|n|fn)?m[ls][as] .*|vfn?m[as] .*"),
    ("float divide", r"vdiv .*"),
    ("float square root", r"vsqrt .*"),
    ("float convert", r"v(cvt[abtrpnm]?|rint[arxzpnm]) .*"),
    ("float move", r"v(mov|movx|ins|mrs|msr|sel(eq|ge|gt|vs)|scclrm) .*"),
    ("load", r"(ldr|ldrex|lda|ldaex)(b|h|sb|sh|d|t|bt|ht|sbt|sht)? .*|(ldm|v?pop|vldr|vldm|vlldm|fldm)\w* .*"),
    ("store", r"(str|strex|stl|stlex)(b|h|d|t|bt|ht)? .*|(stm|v?push|vstr|vstm|vlstm|fstm)\w* .*"),
    ("multiply", r"(muls?|mla|mls|[us]mull|[us]mlal) .*"),
    ("divide", r"[us]div .*"),
    ("dsp", r"([us]sat(16)?|qd?(add|sub)|(s|q|sh|u|uq|uh)(add8|add16|asx|sub8|sub16|sax)|sel|usada?8|pkh(bt|tb)) .*"),
    ("dsp", r"([us]xta[bh]|[us]xta?b16|sm(ul|la)[bt][bt]|sm(ul|la)w[bt]|smlal[bt][bt]) .*"),
    ("dsp", r"(sm(ua|us|la|ls|lal|lsl)dx?|smml[as]r?|smmulr?|umaal) .*"),
    (
        "system",
        r"(svc|udf|bkpt|msr|mrs|cps(ie|id)?|dsb|dmb|isb|dbg|pld|pldw|pli|tta?t?|mcrr?2?|mrrc?2?|mrc2?|cdp2?) .*",
    ),
    ("system", r"(ldc|stc)2?l? .*|(wfi|wfe|sev|yield|csdb|clrex|sg|ssbb|pssbb|esb|sb|hint) .*"),
    (
        "integer",
        r"(movs?|movw|movt|mvns?|adds?|addw|subs?|subw|rsbs?|negs?|adcs?|sbcs?|cmp|cmn|tst|teq|nop|adr|clrm) .*",
    ),
    ("integer", r"(ands?|orrs?|orns?|eors?|bics?|(lsl|lsr|asr|ror|rrx)s?|[su]xt[bh]|rev(16|sh)?|rbit|clz) .*"),
    ("integer", r"([su]bfx|bfi|bfc|it[te]*|csel|csinc|csinv|csneg|csetm?|cinc|cinv|cneg) .*"),
]
WITHOUT_RESULT = re.compile(
    rf"b|b({CONDITIONS})|bxn?s?|cbn?z|tb[bh]|blx?n?s?|bf|bf[xl]+|bfcsel|le|letp|[dw]lst?p?"
    r"|(st[rlm]|v?push|ldm|vldm|vstm|vl[sl]|f[ls][dt]m)\w*|cmp|cmn|tst|teq|pl[di]w?|msr|mc?rr?2?"
)
TWO_RESULTS = re.compile(r"ldrd|ldrexd|[us]mull|[us]mlal|smlal[bt][bt]|sml[as]ld?dx?|umaal|mrrc2?")


class Reader:
    """Reads one instruction after the other; knows which are in an IT block."""

    def __init__(self) -> None:
        self._pending: list[bool] = []

    def read(self, lines: Iterable[Line]) -> Iterator[tuple[Line, Insn]]:
        for line in lines:
            yield line, self._one(line)

    def _one(self, line: Line) -> Insn:
        name, _, _ = line.mnemonic.partition(".")
        conditional = False
        if self._pending:
            conditional = self._pending.pop()
            condition = re.search(rf"({CONDITIONS})$", name)
            if condition:
                name = name[: condition.start()]
            assert condition or name in {"nop", "bkpt"}, f"{line} is in an IT block"
        elif re.fullmatch(r"it[te]*", name):
            self._pending = [line.operands != "al"] * (len(name) - 1)
        if line.code == b"\xc0\x46":  # shown as nop, which it is as well
            return Insn("integer", 2, move=(8, 8), written=frozenset({8}), conditional=conditional)
        return _read(name, line.operands, len(line.code), conditional)


@cache
def _class(text: str) -> str:
    return next((class_ for class_, pattern in CLASSES if re.fullmatch(pattern, text)), f"{text}: unheard of")


@cache
def _read(name: str, operands: str, size: int, conditional: bool) -> Insn:
    class_ = _class(f"{name} {operands}")
    flow = {"call": "call", "return": "return", "branch": "jump"}.get(class_, "next")
    if re.fullmatch(r"dlst?p?|lctp|bf\w*", name):
        flow = "next"
    if re.fullmatch(rf"b({CONDITIONS})|cbn?z|wls|wlstp|letp|le", name):
        conditional |= name != "le" or "lr" in operands
    return Insn(
        class_,
        size,
        flow,
        MARKS.get(operands, "none") if name == "mov" and size == 2 else "none",
        conditional,
        target=_target(name, operands),
        words=_words(name, operands, class_),
        load=_load(name, operands, class_),
        move=_move(name, operands),
        written=_written(name, operands, flow),
    )


def _target(name: str, operands: str) -> int | None:
    if not re.fullmatch(rf"b|bl|b({CONDITIONS})|cbn?z|wls|wlstp|le|letp", name):
        return None
    return int(re.sub(r"^(\w+, )*", "", operands).split()[0], 16)


def _listed(operands: str) -> list[str]:
    """Return the registers between braces, ranges spelt out."""
    found = re.search(r"{(.*)}", operands)
    names = []
    for part in found.group(1).split(", ") if found else []:
        first, _, last = part.partition("-")
        if last:
            names += [f"{first[0]}{number}" for number in range(int(first[1:]), int(last[1:]) + 1)]
        else:
            names.append(first)
    return names


def _words(name: str, operands: str, class_: str) -> int:
    if re.fullmatch(r"v?(ldm|stm|push|pop)\w*|f(ldm|stm)\w*", name):
        return sum(2 if register.startswith("d") else 1 for register in _listed(operands))
    if re.fullmatch(r"v(ldr|str)|ldrd|strd", name):
        return 2 if name.endswith("d") or operands.startswith("d") else 1
    if re.fullmatch(r"vl(ldm|stm)", name):
        return 18
    return 1 if class_ in {"load", "store"} or re.match(r"ldr|tb[bh]|(ldc|stc)", name) else 0


def _load(name: str, operands: str, class_: str) -> tuple[int, int] | None:
    if name.startswith(("ldm", "vldm", "fldm")) and "!" not in operands:
        base = REGISTERS[operands.partition(",")[0]]
        return base, -4 * len(_listed(operands)) if "db" in name or "ea" in name else 0
    found = re.search(r"\[(\w+)(?:, #(-?\d+))?\]$", operands)
    if not found or not re.match(r"v?ld[ra]", name):
        return None
    return REGISTERS[found.group(1)], int(found.group(2) or 0)


def _move(name: str, operands: str) -> tuple[int, int] | None:
    to, _, source = operands.removesuffix(", #0").partition(", ")
    copies = name in {"mov", "movs"} or (name in {"adds", "add"} and operands.endswith(", #0"))
    if copies and to in REGISTERS and to != "pc" and source in REGISTERS:
        return REGISTERS[to], REGISTERS[source]
    return None


def _written(name: str, operands: str, flow: str) -> frozenset[int]:
    written = {PC} if flow != "next" else set()
    if flow == "call" or re.fullmatch(r"dls|dlstp|wls|wlstp", name) or (name in {"le", "letp"} and "lr" in operands):
        written.add(LR)
    if re.fullmatch(r"v?(push|pop)", name):
        written.add(SP)
    if re.fullmatch(r"ldm\w*|pop|clrm", name):
        written |= {REGISTERS[register] for register in _listed(operands) if register in REGISTERS}
    changed = re.search(r"\[([a-z]\w*)\], |\[(\w+)[^]]*\]!|^(\w+)!", operands)
    if changed:
        written.add(REGISTERS[changed[1] or changed[2] or changed[3]])
    results = 2 if TWO_RESULTS.fullmatch(name) else 1
    if name in {"mrc", "mrc2", "mrrc", "mrrc2"}:
        operands = ", ".join(operands.split(", ")[2:])
    if WITHOUT_RESULT.fullmatch(name) and not re.match(r"(str|stl)ex", name):
        results = 0
    elif name == "vmov" and re.match(r"\w+, \w+, [ds]", operands):
        results = 2
    for operand in operands.split(", ")[:results]:
        if operand in REGISTERS:
            written.add(REGISTERS[operand])
    return frozenset(written)
