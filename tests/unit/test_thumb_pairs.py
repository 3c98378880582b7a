"""An instruction and the one after it: which core registers an instruction reads, and what that makes of a pair."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

import mpy_harness

SOURCES = Path(mpy_harness.__file__).parent / "counting" / "plugin_c" / "decode"
NONE, USED, ROW, PRODUCT, _, SHIFT = range(6)  # enum pair

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


@pytest.fixture(scope="module")
def decoder(tmp_path_factory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("decoder") / "decoder.so"
    files = [SOURCES / "rules.c", *sorted(SOURCES.glob("thumb*.c"))]
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-I", str(SOURCES)]
    subprocess.run(["gcc", *flags, "-o", str(library), *map(str, files)], check=True, timeout=120)
    loaded = ctypes.CDLL(str(library))
    loaded.thumb_reads.restype = ctypes.c_uint16
    return loaded


def reads(decoder: ctypes.CDLL, code: str) -> set[int]:
    mask = decoder.thumb_reads(bytes.fromhex(code).ljust(4, b"\xff"))
    return {register for register in range(16) if mask >> register & 1}


# Bytes as they lie in memory, from GNU as for -mcpu=cortex-m33.
@pytest.mark.parametrize(
    ("code", "what", "registers"),
    [
        ("d100", "lsls r1, r2, #3", {2}),
        ("d118", "adds r1, r2, r3", {2, 3}),
        ("511c", "adds r1, r2, #1", {2}),
        ("0724", "movs r4, #7", set()),
        ("072c", "cmp r4, #7", {4}),
        ("013c", "subs r4, #1", {4}),
        ("1140", "ands r1, r2", {1, 2}),
        ("d143", "mvns r1, r2", {2}),
        ("5142", "rsbs r1, r2, #0", {2}),
        ("c844", "add r8, r9", {8, 9}),
        ("c846", "mov r8, r9", {9}),
        ("1847", "bx r3", {3}),
        ("0249", "ldr r1, [pc, #8]", set()),
        ("d150", "str r1, [r2, r3]", {1, 2, 3}),
        ("d15e", "ldrsh r1, [r2, r3]", {2, 3}),
        ("5168", "ldr r1, [r2, #4]", {2}),
        ("1171", "strb r1, [r2, #4]", {1, 2}),
        ("0191", "str r1, [sp, #4]", {1, 13}),
        ("0199", "ldr r1, [sp, #4]", {13}),
        ("02a9", "add r1, sp, #8", {13}),
        ("82b0", "sub sp, #8", {13}),
        ("05b1", "cbz r5, .+4", {5}),
        ("d1b2", "uxtb r1, r2", {2}),
        ("11ba", "rev r1, r2", {2}),
        ("10b5", "push {r4, lr}", {4, 13, 14}),
        ("10bd", "pop {r4, pc}", {13}),
        ("0cc1", "stmia r1!, {r2, r3}", {1, 2, 3}),
        ("0cc9", "ldmia r1!, {r2, r3}", {1}),
        ("08bf", "it eq", set()),
        ("29e90404", "stmdb r9!, {r2, r10}", {2, 9, 10}),
        ("99e80404", "ldmia r9, {r2, r10}", {9}),
        ("c3e90212", "strd r1, r2, [r3, #8]", {1, 2, 3}),
        ("d3e90212", "ldrd r1, r2, [r3, #8]", {3}),
        ("d1e802f0", "tbb [r1, r2]", {1, 2}),
        ("53e8002f", "ldrex r2, [r3]", {3}),
        ("82ea3311", "eor r1, r2, r3, ror #4", {2, 3}),
        ("4fea0311", "mov r1, r3, lsl #4", {3}),
        ("02f0ff01", "and r1, r2, #255", {2}),
        ("4ff0ff01", "mov r1, #255", set()),
        ("41f23421", "movw r1, #4660", set()),
        ("c1f23421", "movt r1, #4660", {1}),
        ("a2f6ff71", "subw r1, r2, #4095", {2}),
        ("c2f3c301", "ubfx r1, r2, #3, #4", {2}),
        ("42f3c301", "sbfx r1, r2, #3, #4", {2}),
        ("62f3c601", "bfi r1, r2, #3, #4", {1, 2}),
        ("6ff3c601", "bfc r1, #3, #4", {1}),
        ("82f30088", "msr apsr_nzcvq, r2", {2}),
        ("eff30082", "mrs r2, apsr", set()),
        ("00f01ef8", "bl .+64", set()),
        ("d2f80011", "ldr r1, [r2, #256]", {2}),
        ("52f82310", "ldr r1, [r2, r3, lsl #2]", {2, 3}),
        ("52f8041b", "ldr r1, [r2], #4", {2}),
        ("dff84010", "ldr r1, [pc, #64]", set()),
        ("42f82310", "str r1, [r2, r3, lsl #2]", {1, 2, 3}),
        ("02fa03f1", "lsl r1, r2, r3", {2, 3}),
        ("4ffa83f1", "sxtb r1, r3", {3}),
        ("52fa83f1", "uxtab r1, r2, r3", {2, 3}),
        ("b2fa82f1", "clz r1, r2", {2}),
        ("02fb03f1", "mul r1, r2, r3", {2, 3}),
        ("02fb0341", "mla r1, r2, r3, r4", {2, 3, 4}),
        ("a3fb0412", "umull r1, r2, r3, r4", {3, 4}),
        ("e3fb0412", "umlal r1, r2, r3, r4", {1, 2, 3, 4}),
        ("92fbf3f1", "sdiv r1, r2, r3", {2, 3}),
        ("91ed010a", "vldr s0, [r1, #4]", {1}),
        ("00ee101a", "vmov s0, r1", {1}),
        ("10ee101a", "vmov r1, s0", set()),
        ("42ec101b", "vmov d0, r1, r2", {1, 2}),
        ("52ec101b", "vmov r1, r2, d0", set()),
        ("30ee810a", "vadd.f32 s0, s1, s2", set()),
        ("f1ee101a", "vmrs r1, fpscr", set()),
        ("e1ee101a", "vmsr fpscr, r1", {1}),
    ],
)
def test_registers_that_an_instruction_reads(decoder, code, what, registers):
    assert reads(decoder, code) == registers, what


@pytest.mark.parametrize(
    ("first", "second", "pair"),
    [
        ("5168", "0831", USED),  # ldr r1, [r2, #4]; adds r1, #8
        ("5168", "0968", USED),  # ldr r1, [r2, #4]; ldr r1, [r1]
        ("5168", "5160", USED),  # ldr r1, [r2, #4]; str r1, [r2, #4]: it stores what was loaded
        ("5168", "9368", ROW),  # ldr r1, [r2, #4]; ldr r3, [r2, #8]
        ("52f82310", "52f82340", ROW),  # ldr r1, [r2, r3, lsl #2]; ldr r4, [r2, r3, lsl #2]
        ("5168", "53f82140", USED),  # ldr r1, [r2, #4]; ldr r4, [r3, r1, lsl #2]
        ("5168", "0832", NONE),  # ldr r1, [r2, #4]; adds r2, #8
        ("5168", "91ed010a", USED),  # ldr r1, [r2, #4]; vldr s0, [r1, #4]
        ("5168", "92ed010a", NONE),  # ldr r1, [r2, #4]; vldr s0, [r2, #4]
        ("5160", "5168", NONE),  # str r1, [r2, #4]; ldr r1, [r2, #4]
        ("0cc9", "9268", NONE),  # ldmia r1!, {r2, r3}; ldr r2, [r2, #8]: not one register
        ("0831", "0968", NONE),  # adds r1, #8; ldr r1, [r1]
        ("02fb03f1", "4c1c", PRODUCT),  # mul r1, r2, r3; adds r4, r1, #1
        ("5143", "4c1c", PRODUCT),  # muls r1, r2; adds r4, r1, #1
        ("12fb03f1", "4c1c", PRODUCT),  # smulbb r1, r2, r3; adds r4, r1, #1
        ("a2fb0314", "4c1c", PRODUCT),  # umull r1, r4, r2, r3; adds r4, r1, #1
        ("02fb03f1", "0832", NONE),  # mul r1, r2, r3; adds r2, #8
        ("92fbf3f1", "4c1c", NONE),  # sdiv r1, r2, r3; adds r4, r1, #1
        ("92fa03f1", "4c1c", NONE),  # sadd16 r1, r2, r3; adds r4, r1, #1
        ("82ea1311", "01f0ff04", SHIFT),  # eor r1, r2, r3, lsr #4; and r4, r1, #255
        ("82ea1311", "0832", NONE),  # eor r1, r2, r3, lsr #4; adds r2, #8
        ("82ea0301", "4c1c", NONE),  # eor r1, r2, r3; adds r4, r1, #1
        ("82ea0301", "82ea4104", SHIFT),  # eor r1, r2, r3; eor r4, r2, r1, lsl #1
        ("82ea0301", "81ea4204", NONE),  # eor r1, r2, r3; eor r4, r1, r2, lsl #1: another register is shifted
        ("92fa03f1", "82ea4104", SHIFT),  # sadd16 r1, r2, r3; eor r4, r2, r1, lsl #1
        ("02fb03f1", "82ea4104", PRODUCT),  # mul r1, r2, r3; eor r4, r2, r1, lsl #1
        ("d3e90212", "82ea4104", NONE),  # ldrd r1, r2, [r3, #8]; eor r4, r2, r1, lsl #1
        ("4feac201", "4c1c", NONE),  # mov r1, r2, lsl #3; adds r4, r1, #1: a shift alone
        ("82ea0301", "cc00", NONE),  # eor r1, r2, r3; lsls r4, r1, #3
        ("c2ea0341", "4c1c", NONE),  # pkhbt r1, r2, r3, lsl #16; adds r4, r1, #1
        ("52ea0381", "4c1c", NONE),  # csel r1, r2, r3, eq; adds r4, r1, #1: what selects is where the shift would be
    ],
)
def test_pairs(decoder, first, second, pair):
    pair_of = []
    for code in (first, second):
        insn = ctypes.create_string_buffer(64)
        state = ctypes.create_string_buffer(8)
        decoder.decode_thumb(bytes.fromhex(code).ljust(4, b"\xff"), 0, state, insn)
        pair_of += [insn, bytes.fromhex(code).ljust(4, b"\xff")]
    assert decoder.thumb_pair(*pair_of) == pair
