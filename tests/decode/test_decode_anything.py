"""What the decoder promises of any bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.decode.decoder import FILES, MARKS, Decoder, compile_c


def test_any_bytes_are_decoded_without_reading_beyond_them(decoder: Decoder, tmp_path: Path) -> None:
    program = tmp_path / "every_halfword"
    source = Path(__file__).with_name("every_halfword.c")
    compile_c([source, *FILES], program, "-D_GNU_SOURCE", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
    done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_class_has_a_name_of_its_own(decoder: Decoder) -> None:
    assert len(set(decoder.classes)) == len(decoder.classes) == 19


def test_no_other_halfword_is_a_mark(decoder: Decoder) -> None:
    halfwords = range(0xE800)
    marks = [
        insn.mark for code in halfwords for insn in decoder.thumb(code.to_bytes(2, "little")) if insn.mark != "none"
    ]
    assert sorted(marks) == sorted(MARKS[1:])
