"""Count programs whose cycles on a Cortex-M55 are published, for docs/published-counted.json.

``docs/count_published.py`` has them in its file. Assembler is the same code as what was measured; C is compiled here
by GCC 12.2 instead of 15.2.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from docs.count_without_waits import Counted, counts_of, run
from mpy_harness.counting.count import Count
from mpy_harness.firmware import toolchain
from mpy_harness.targets import load_target

_DOCS = Path(__file__).resolve().parent
_TARGET = "m55"
_FLAGS = ("-O3", "-w", "-std=gnu11", "-fno-strict-aliasing")
_HELPERS = ("bit_split_1", "bit_split_5", "bit_merge_1", "bit_merge_5")
#: What takes its arguments in registers of its own, called so often; it saves none of them.
_CALLS = """
void {helper}_{times}(void) {{
    __asm__ volatile(".rept {count}\\n bl {helper}\\n .endr" : : : "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r8",
                     "r9", "r10", "r11", "r12", "lr", "cc", "memory");
}}
"""
_ASSEMBLER = ("sha3_cm4", "mq_cm4", "sign_fpr_cm4")
_SOURCES = ("mq", "kgen_mp31", "kgen_fxp", "sign_fpoly", "sign_fpr", "kgen_zint31")
_PERMUTATION = "PQCP_MLKEM_NATIVE_MLKEM512_keccak_f1600_x1_armv7m_asm"
_PERMUTATION_MAIN = """#include <stdint.h>
#include "harness.h"
void {name}(uint32_t *state, const uint32_t *constants);
static uint32_t state[50], constants[49] = {{[48] = 0xff}}; // what ends them
int main(void) {{
    harness_start("keccak_f1600_x1");
    {name}(state, constants);
    harness_stop();
    return 0;
}}
"""


def fndsa(checkout: Path, folder: Path) -> Counted:
    """Return what functions of c-fn-dsa take, with its assembler for the Cortex-M4, which is scalar."""
    calls = "".join(
        _CALLS.format(helper=helper, times=times, count=count)
        for helper in _HELPERS
        for times, count in (("once", 1), ("twice", 2))
    )
    assembler = [
        _as_c((checkout / f"{name}.s").read_text(encoding="utf-8"), folder / name, calls if name == "sha3_cm4" else "")
        for name in _ASSEMBLER
    ]
    files = [_DOCS / "counted_fndsa.c", *assembler, *(checkout / f"{name}.c" for name in _SOURCES)]
    # It asks for the Cortex-M4's architecture by name, of which the Cortex-M55 has all.
    flags = [*_FLAGS, "-DFNDSA_ASM_CORTEXM4=1", "-D__ARM_ARCH_7EM__=1"]
    found = _regions(run(load_target(_TARGET), files, flags, folder, [checkout]))
    for helper in _HELPERS:
        once, twice = found.pop(f"{helper}, once"), found.pop(f"{helper}, twice")
        bits, _, lanes = helper.rpartition("_")
        found[f"{bits}, {lanes}"] = {name: number - once.get(name, 0) for name, number in twice.items()}
    return {program: {"counts": {name: n for name, n in counts.items() if n}} for program, counts in found.items()}


def keccak(checkout: Path, folder: Path) -> Counted:
    """Return what the scalar Keccak of mlkem-native takes, in the order that SLOTHY found for a Cortex-M7."""
    source = checkout / "mlkem" / "src" / "fips202" / "native" / "armv81m" / "src" / "keccak_f1600_x1_armv7m.S"
    main = folder / "keccak_main.c"
    main.write_text(_PERMUTATION_MAIN.format(name=_PERMUTATION), encoding="utf-8")
    files = [main, _as_c(_preprocessed(source, checkout, 512), folder / "keccak")]
    counted = _regions(run(load_target(_TARGET), files, _FLAGS, folder))
    return {name: {"counts": counts} for name, counts in counted.items()}


def mlkem(checkout: Path, folder: Path) -> Counted:
    """Return what the operations of mlkem-native take, with its Keccak for Helium."""
    found: Counted = {}
    for size in (512, 768, 1024):
        text = _preprocessed(checkout / "mlkem" / "mlkem_native_asm.S", checkout, size)
        files = [_DOCS / "counted_mlkem.c", _as_c(text, folder / "kem"), checkout / "mlkem" / "mlkem_native.c"]
        flags = [*_FLAGS, *_configuration(size)]
        regions = _regions(run(load_target(_TARGET), files, flags, folder, _headers(checkout)))
        found |= {f"ML-KEM {name}, {size}": {"counts": counts} for name, counts in regions.items()}
    return found


def _regions(count: Count) -> dict[str, dict[str, int]]:
    return {str(each.name): counts_of(each) for each in count.regions}


def _headers(checkout: Path) -> list[Path]:
    return [checkout / "mlkem", checkout / "mlkem" / "src"]


def _configuration(size: int) -> Sequence[str]:
    return (
        f"-DMLK_CONFIG_PARAMETER_SET={size}",
        "-DMLK_CONFIG_USE_NATIVE_BACKEND_FIPS202",
        '-DMLK_CONFIG_FIPS202_BACKEND_FILE="fips202/native/armv81m/mve.h"',
    )


def _preprocessed(file: Path, checkout: Path, size: int) -> str:
    cross = toolchain.cross_prefix(load_target(_TARGET).natmod.arch)
    include = [f"-I{each}" for each in _headers(checkout)]
    command = [f"{cross}gcc", "-E", "-P", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard", *include]
    command += [*_configuration(size), str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _as_c(assembler: str, place: Path, calls: str = "") -> Path:
    """Return a C source that has assembler in it: labels in it are of that source alone."""
    included = place.with_suffix(".inc")
    included.write_text(assembler + "\n.text\n", encoding="utf-8")
    source = place.with_suffix(".c")
    source.write_text(f'__asm__(".include \\"{included}\\"");\n{calls}', encoding="utf-8")
    return source
