"""Count programs whose cycles are published for code and data without wait states: CoreMark, and AES in assembler.

``docs/count_published.py`` has them in its file. CoreMark is compiled here at the levels of optimisation that its
figures are of; AES is assembler, so that the instructions are the same everywhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mpy_harness.counting.count import Count
from mpy_harness.firmware import toolchain
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import Target, load_target

Counted = dict[str, dict[str, object]]
LEVELS = ("-O0", "-Og", "-O1", "-Os", "-O2", "-O3")
#: Levels of optimisation of CoreMark by target: those that figures are published of.
COREMARK_LEVELS = {"m0": ("-O3",), "m4": ("-O3",), "m7": LEVELS, "m33": LEVELS, "m55": ("-Ofast", "-Os")}
_SECONDS = 300.0
#: Functions of jnk0le/cortexm-AES by target: files in aes/target, prefixes of functions.
AES: Mapping[str, Sequence[str]] = {
    "m0": ("CM0_sBOX", "CM0_FASTMULsBOX", "CM0_d4T", "CM0_d4T_FAST", "CM0_FASTMUL"),
    "m3": ("CM3_1T",),
    "m4": ("CM3_1T", "CM4_DSPsBOX"),
    "m7": ("CM7_1T", "CM7_DSPsBOX"),
    "m33": ("CM33_1T", "CM33_d4T"),
}
_KINDS = {
    "AES128_keyschedule_enc": "rk, key",
    "AES256_keyschedule_enc": "rk, key",
    "AES_keyschedule_dec": "rk, {rounds}",
    "AES_encrypt": "rk, in, out, {rounds}",
    "AES_decrypt": "rk, in, out, {rounds}",
    "AES128_encrypt_unrolled": "rk, in, out",
    "AES256_encrypt_unrolled": "rk, in, out",
    "AES128_decrypt_unrolled": "rk, in, out",
    "AES256_decrypt_unrolled": "rk, in, out",
}
_ROUNDS = {128: 10, 256: 14}
_MAIN = """#include <stdint.h>
#include "harness.h"
static uint8_t rk[256] __attribute__((aligned(16))), key[32], in[16] __attribute__((aligned(4)));
static uint8_t out[16] __attribute__((aligned(4)));
{declarations}
int main(void) {{
{calls}
    return 0;
}}
"""


def coremark_levels(checkout: Path, target: str, folder: Path, levels: Sequence[str] = LEVELS) -> Counted:
    """Return what one turn of CoreMark takes on a target at each level: two turns less one."""
    files = [checkout / f"core_{name}.c" for name in ("main", "list_join", "matrix", "state", "util")]
    files.append(checkout / "simple" / "core_portme.c")
    include = [checkout, files[-1].parent]
    found: Counted = {}
    for level in levels:
        flags = [level, "-w", "-DPERFORMANCE_RUN=1", '-DFLAGS_STR=""']
        one, two = (
            counts_of(run(load_target(target), files, [*flags, f"-DITERATIONS={turns}"], folder, include))
            for turns in (1, 2)
        )
        found[f"CoreMark, {level}"] = {"counts": {name: number - one.get(name, 0) for name, number in two.items()}}
    return found


def aes(checkout: Path, target: str, folder: Path) -> Counted:
    """Return what each function of AES takes that a core has, called once."""
    sources, calls, declarations = [], [], []
    for prefix, kind, file in _functions(checkout, AES[target]):
        name = f"{prefix}_{kind}"
        declarations.append(f"void {name}();")
        for bits in (128, 256) if "{rounds}" in _KINDS[kind] else (None,):
            words = _KINDS[kind].format(rounds=_ROUNDS.get(bits or 0, 0))
            calls.append(f'    harness_start("{name}{f"<{bits}>" if bits else ""}"); {name}({words}); harness_stop();')
        sources.append(_as_c(file, checkout, load_target(target), folder))
    main = folder / "aes_main.c"
    main.write_text(_MAIN.format(declarations="\n".join(declarations), calls="\n".join(calls)), encoding="utf-8")
    flags = ["-Os", "-w", "-std=gnu11"]
    count = run(load_target(target), [main, checkout / "aes" / "lookup_tables.c", *sources], flags, folder)
    return {str(each.name): {"counts": counts_of(each)} for each in count.regions}


def _functions(checkout: Path, prefixes: Sequence[str]) -> Iterator[tuple[str, str, Path]]:
    for prefix in prefixes:
        for kind in _KINDS:
            files = sorted((checkout / "aes" / "target").glob(f"*/{prefix}_{kind}.S"))
            yield from ((prefix, kind, file) for file in files)


def _as_c(file: Path, checkout: Path, target: Target, folder: Path) -> Path:
    """Return a C source that has the assembler of a file in it: labels in it are of that source alone."""
    cross = toolchain.cross_prefix(target.natmod.arch)
    flags = ["-E", "-P", f"-mcpu={target.core}", "-mthumb", f"-I{checkout}", "-x", "assembler-with-cpp"]
    command = [f"{cross}gcc", *flags, str(file)]
    text = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assembler = folder / f"{file.stem}.inc"
    assembler.write_text(text, encoding="utf-8")
    source = folder / f"{file.stem}.c"
    source.write_text(f'__asm__(".include \\"{assembler}\\"");\n', encoding="utf-8")
    return source


def run(
    target: Target, files: Sequence[Path], flags: Sequence[str], folder: Path, include: Sequence[Path] = ()
) -> Count:
    """Return what a program takes, by class, with its regions."""
    built = build_program(target, files, folder / "program", include=include, cflags=flags)
    count = CProgram(built, folder / "log", "classes", _SECONDS).run().count
    assert count is not None
    return count


def counts_of(count: Count) -> dict[str, int]:
    """Return what was counted, by class, where it is not 0."""
    both = {**count.classes, **count.words}
    return {name.replace(" ", "_").replace("-", "_"): number for name, number in both.items() if number}
