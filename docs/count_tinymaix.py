"""Count what models take in TinyMaix, and keep it: the constants of estimates for its models follow from that.

python -m docs.count_tinymaix CHECKOUT        write docs/tinymaix-counted.json; then python -m docs.measure_costs --fit
python -m docs.count_tinymaix CHECKOUT esp32  only on this target; of the others is kept what was counted before

CHECKOUT is one of sipeed/TinyMaix. Its library is compiled as plain C; counted is ``tm_run``. For ``esp32`` it runs on
that core without MicroPython, in Espressif's QEMU.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from docs.count_esp_dsp import lx6
from docs.tinymaix_models import MODELS, is_held_out, made
from mpy_harness.costs.constants import Module, StageConstants
from mpy_harness.costs.fitting import Point, error, fit
from mpy_harness.costs.tinymaix import DTYPES, TERMS, DType
from mpy_harness.costs.tinymaix_file import model_bytes, read_tinymaix
from mpy_harness.firmware import toolchain
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.sizes.tree import SizeTree
from mpy_harness.targets import Target, load_target

COUNTED = Path(__file__).with_name("tinymaix-counted.json")
#: Targets whose constants are those of their core and architecture; MicroPython is not needed for C.
TARGETS = ("m33", "m4", "m3", "m0", "m7", "rv32", "esp32")
#: Targets whose figures are those of another one: the same compiler makes the same instructions of plain C.
SAME = {"esp32c3": "rv32"}
#: Models of the checkout, all held out.
OWN: Mapping[DType, tuple[str, ...]] = {
    "int8": ("mnist_valid_q", "mnist_arduino_q", "mnist_resnet_q", "cifar10_q", "vww96_q"),
    "float32": ("mnist_valid_f", "mnist_dw_f", "mnist_resnet_f"),
}
_LEVEL = "-O2"
_SOURCES = ("tm_model.c", "tm_layers.c")
_SECONDS = 300.0
#: Bytes of several models that an ESP32 has room for beside TinyMaix and its buffer; the largest is alone.
_ROOM = 200_000

# The configuration that everybody who uses TinyMaix writes: this one is for nobody's chip.
_PORT = """
#define TM_ARCH_CPU (0)
#define TM_ARCH_ARM_SIMD (1)
#define TM_ARCH_ARM_NEON (2)
#define TM_ARCH_ARM_MVEI (3)
#define TM_ARCH_RV32P (4)
#define TM_ARCH_RV64V (5)
#define TM_ARCH_CSKYV2 (6)
#define TM_ARCH_X86_SSE2 (7)
#define TM_OPT0 (0)
#define TM_OPT1 (1)
#define TM_ARCH TM_ARCH_CPU
#define TM_OPT_LEVEL TM_OPT0
#define TM_FASTSCALE (0)
#define TM_LOCAL_MATH (0)
#define TM_ENABLE_STAT (0)
#define TM_MAX_CSIZE (1000)
#define TM_MAX_KSIZE (25)
#define TM_MAX_KCSIZE (2304)
#define TM_INLINE __attribute__((always_inline)) static inline
#define TM_WEAK __attribute__((weak))
#define tm_malloc(x) malloc(x)
#define tm_free(x) free(x)
#define TM_PRINTF(...) ((void)0)
#define TM_DBGT_INIT() ((void)0)
#define TM_DBGT(x) ((void)0)
#define TM_PERF_REG(x)
#define TM_PERF_INIT(x)
#define TM_PERF_START(x)
#define TM_PERF_ADD(x)
"""
_MAIN = """
#include "harness.h"
#include "tinymaix.h"
{models}
static const struct {{ const char *name; const uint8_t *model; }} all[] = {{ {table} }};
static uint8_t buffer[1 << 16] __attribute__((aligned(8)));
static tm_err_t nothing(tm_mdl_t *model, tml_head_t *layer) {{ return model && layer ? TM_OK : TM_ERR; }}
int main(void) {{
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {{
        tm_mdl_t model;
        tm_mat_t in = {{0}}, out;
        if (tm_load(&model, all[i].model, buffer, nothing, &in) != TM_OK) return 1 + i;
        for (size_t n = 0; n < (size_t)in.h * in.w * in.c; n++) {{
            seed = 1664525u * seed + 1013904223u;
            in.data[n] = {value};
        }}
        harness_start(all[i].name);
        const tm_err_t failed = tm_run(&model, &in, &out);
        harness_stop();
        if (failed) return 1 + i;
    }}
    return 0;
}}
"""
_TYPE = {"int8": "-DTM_MDL_TYPE=TM_MDL_INT8", "float32": "-DTM_MDL_TYPE=TM_MDL_FP32"}
_VALUE = {"int8": "(int8_t)(seed >> 24)", "float32": "(float)(seed >> 24) / 255.0f"}


def counted(checkout: Path, name: str, folder: Path) -> dict[str, Any]:
    """Return what ``tm_run`` takes of each model on a target, by class, and the bytes of flash and RAM of TinyMaix."""
    counts: dict[str, dict[str, int]] = {}
    modules: dict[str, list[int]] = {}
    target = lx6() if name == "esp32" else load_target(name)
    for dtype in DTYPES:
        models = dict(_models(checkout, dtype))
        for found in _programs(models) if name == "esp32" else (models,):
            program = _program(checkout, target, folder, dtype, found)
            done = program.run()
            assert done.status == 0, f"{list(found)[done.status - 1]} did not run"
            assert done.count is not None
            modules[f"tinymaix_{dtype}"] = [_own(program, tree) for tree in (program.sizes.flash, program.sizes.ram)]
            for region, model in zip(done.count.regions, found, strict=True):
                assert region.exact
                counts[f"{model}, {dtype}"] = {
                    each: count for each, count in {**region.classes, **region.words}.items() if count
                }
    gcc = toolchain.version(toolchain.compiler(target.cross, "building TinyMaix")[0])
    return {"toolchain": f"{gcc}, {_LEVEL}", "modules": modules, "counts": counts}


def _programs(models: Mapping[str, bytes]) -> Iterator[dict[str, bytes]]:
    """Return the models of each program, of as many as there is room for."""
    some: dict[str, bytes] = {}
    for name, data in models.items():
        if some and sum(map(len, some.values())) + len(data) > _ROOM:
            yield some
            some = {}
        some[name] = data
    yield some


def _own(program: CProgram, tree: SizeTree) -> int:
    objects = {f"{Path(each).stem}.o" for each in _SOURCES}
    return sum(size for path, size in tree.leaves() if path[-2] in objects)


def described(checkout: Path) -> Iterator[dict[str, Any]]:
    """Return what each model is for the fit, but what it takes."""
    with tempfile.TemporaryDirectory() as folder:
        for dtype in DTYPES:
            for number, (name, data) in enumerate(_models(checkout, dtype)):
                file = Path(folder, "model.tmdl")
                file.write_bytes(data)
                stage = read_tinymaix(file)
                yield {
                    "kind": stage.kind,
                    "model": f"{name}, {dtype}",
                    "held_out": number >= len(MODELS) or is_held_out(number),
                    "terms": {term: often for term, often in stage.terms.items() if often},
                    "sizes": dict(stage.sizes),
                }


def _models(checkout: Path, dtype: DType) -> Iterator[tuple[str, bytes]]:
    yield from ((text, made(text, dtype)) for text in MODELS)
    yield from ((name, model_bytes(checkout / "tools" / "tmdl" / f"{name}.h")) for name in OWN[dtype])


def _program(checkout: Path, target: Target, folder: Path, dtype: DType, models: Mapping[str, bytes]) -> CProgram:
    arrays = (
        f"static const uint8_t model_{number}[] __attribute__((aligned(8))) = {{{','.join(map(str, data))}}};"
        for number, data in enumerate(models.values())
    )
    table = ", ".join(f'{{"{number}", model_{number}}}' for number in range(len(models)))
    text = _MAIN.format(models="\n".join(arrays), table=table, value=_VALUE[dtype])
    (folder / "main.c").write_text(text, encoding="utf-8")
    # It is looked for beside the header that includes it.
    shutil.copy(checkout / "include" / "tinymaix.h", folder)
    (folder / "tm_port.h").write_text(_PORT, encoding="utf-8")
    sources = [folder / "main.c", *(checkout / "src" / each for each in _SOURCES)]
    built = build_program(
        target, sources, folder / dtype, include=[folder, checkout / "src"], cflags=[_LEVEL, _TYPE[dtype]]
    )
    return CProgram(built, folder / "log", "classes", _SECONDS)


def points(target: str) -> dict[str, list[Point]]:
    """Return what was counted on a target, by kind: nothing, where nothing was."""
    found: dict[str, list[Point]] = {}
    everything = read()
    counts = everything["targets"].get(SAME.get(target, target), {"counts": {}})["counts"]
    for each in everything["models"] if counts else ():
        terms = {**dict.fromkeys(TERMS, 0), **each["terms"]}
        point = Point(**{**each, "terms": terms}, guessed=None, counts=counts[each["model"]])
        found.setdefault(point.kind, []).append(point)
    return found


def stages(target: str) -> dict[str, StageConstants]:
    """Return the constants that follow for a target, by kind."""
    return {kind: fit(found, no_less_than_nothing=True) for kind, found in points(target).items()}


def modules(target: str) -> dict[str, Module]:
    """Return TinyMaix in either type of numbers: bytes of its code, and of its variables."""
    found = read()["targets"].get(SAME.get(target, target), {"modules": {}})["modules"]
    return {name: Module(file=flash, heap=ram) for name, (flash, ram) in found.items()}


def held_out(target: str) -> dict[str, dict[str, tuple[float, float]]]:
    """Return by kind what held-out models took, in instructions, and the estimate's error in percent."""
    found = {}
    for kind, of_kind in points(target).items():
        costs = fit(of_kind, no_less_than_nothing=True).terms
        found[kind] = {each.model: (each.instructions, error(each, costs)) for each in of_kind if each.held_out}
    return found


@lru_cache(maxsize=1)
def read() -> dict[str, Any]:
    """Return what was counted: the models, and for each target what they took."""
    found: dict[str, Any] = json.loads(COUNTED.read_text(encoding="utf-8"))
    return found


def main() -> None:
    """Count all models on the targets that are named, or on all, and write what was counted."""
    checkout, *names = sys.argv[1:]
    targets = read()["targets"]
    for name in names or TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            targets[name] = counted(Path(checkout), name, Path(folder))
        print(name, flush=True)
    COUNTED.write_text(written(list(described(Path(checkout))), targets), encoding="utf-8")


def written(models: list[dict[str, Any]], targets: Mapping[str, dict[str, Any]]) -> str:
    """Return the text of the file of what was counted: a line for each model."""
    lines = []
    for name in (each for each in TARGETS if each in targets):
        of_target = dict(targets[name])
        counts = ",\n".join(
            f"{json.dumps(model)}: {json.dumps(each)}" for model, each in of_target.pop("counts").items()
        )
        lines.append(f'"{name}": {{{json.dumps(of_target)[1:-1]}, "counts": {{\n{counts}}}}}')
    first, second = ",\n".join(map(json.dumps, models)), ",\n".join(lines)
    return f'{{"models": [\n{first}],\n"targets": {{\n{second}}}}}\n'


if __name__ == "__main__":
    main()
