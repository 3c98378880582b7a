"""Instructions as the GNU tools read and write them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# "10000318:	e92d 43f0 	stmdb	sp!, {r4, r5, lr}	@ comment"; data is shown in other ways.
_LINE = re.compile(r"\s*([0-9a-f]+):\t((?:[0-9a-f]{4}|[0-9a-f]{8})(?: [0-9a-f]{4})?)\s*\t([^\s.]\S*)\s*(.*)")
_COMMENT = re.compile(r"\s*([@;]|# ).*")


class Line(NamedTuple):
    """One disassembled instruction."""

    address: int
    code: bytes
    mnemonic: str
    operands: str


def disassemble(objdump: str, file: Path, *options: str) -> list[Line]:
    """Return the instructions in all code of an ELF file; mapping symbols keep data out."""
    command = [objdump, "-d", "-z", *options, str(file)]
    text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return [_parse(match) for match in map(_LINE.match, text.splitlines()) if match]


def _parse(match: re.Match[str]) -> Line:
    address, code, mnemonic, operands = match.groups()
    groups = [bytes.fromhex(group)[::-1] for group in code.split()]
    return Line(int(address, 16), b"".join(groups), mnemonic, _COMMENT.sub("", operands).strip())


def assemble(tool: str, options: Sequence[str], lines: Sequence[str], folder: Path) -> Path:
    """Assemble the lines into an object file."""
    source, result = folder / "source.s", folder / "source.o"
    source.write_text("\n".join(lines) + "\n")
    command = [tool, *options, "-o", str(result), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return result


def instructions_of(text: str) -> list[str]:
    """Return the instructions of a text, which semicolons and line ends part."""
    return [part.strip() for line in text.splitlines() for part in line.split(";") if part.strip()]


def source_of(texts: dict[str, str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the lines to assemble, and class and text of each instruction, of texts by class.

    Local labels: ``1b`` is where a class begins, ``2f`` where it ends.
    """
    source, expected = [], []
    for class_, text in texts.items():
        instructions = instructions_of(text)
        source += ["1:", *instructions, "2:"]
        expected += [(class_, instruction) for instruction in instructions]
    return source, expected
