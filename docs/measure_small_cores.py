"""Write the table of docs/small-cores.md: what models that emlearn generates take on cores without MicroPython.

python -m docs.measure_small_cores
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mpy_harness.firmware import toolchain
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.resources import targets_dir
from mpy_harness.targets import Target, load_target

REPOSITORY = Path(__file__).resolve().parents[1]
PAGE = REPOSITORY / "docs" / "small-cores.md"
SOURCE = REPOSITORY / "docs" / "small_cores.c"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
#: Small cores, and a larger one to compare with.
TARGETS = ("uno", "mega", "lm3s6965evb", "musca-a", "mps2-an521", "m33")
MODELS = ("tree", "forest", "network")
_STUB = "void harness_start(const char *name) { (void)name; }\nvoid harness_stop(void) {}\n"
_SECONDS = 60.0


@dataclass(frozen=True)
class Model:
    """A model: the folder with its C, the headers that it needs, the classes that emlearn gives its samples."""

    name: str
    folder: Path
    include: tuple[Path, ...]
    classes: tuple[int, ...]
    samples: int  # bytes, in flash


@dataclass(frozen=True)
class Answers:
    """What a program said of each sample: its class, and the outputs of a network."""

    classes: tuple[int, ...]
    outputs: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Measured:
    """What a model took on a target: bytes of its own and of all, instructions of each prediction."""

    answers: Answers
    own: dict[str, int]
    whole: dict[str, int]
    instructions: tuple[int, ...]


def make(name: str, folder: Path) -> Model:
    """Grow or train a model on scikit-learn's irises, and let emlearn write its C into a folder."""
    import emlearn
    from sklearn.datasets import load_iris

    values, classes = load_iris(return_X_y=True)
    samples, dtype = (values.astype(np.float32), "float") if name == "network" else ((10 * values).round(), "int16_t")
    model = _fitted(name, samples, classes)
    options = {} if name == "network" else {"dtype": dtype}
    folder.mkdir(parents=True, exist_ok=True)
    with _inside(folder):  # where emlearn compiles what it makes of a network
        converted = emlearn.convert(model, method="inline", **options)
    return write(name, folder, converted, samples, dtype, outputs=3 if name == "network" else 0)


def write(
    name: str, folder: Path, converted: Any, samples: np.ndarray[Any, Any], dtype: str, *, outputs: int = 0
) -> Model:
    """Let emlearn write the C of a converted model into a folder, beside it a program that classifies samples.

    ``samples`` have the shape (n, features) and become the C type ``dtype``; ``outputs`` are those that a network has.
    """
    import emlearn

    folder.mkdir(parents=True, exist_ok=True)
    with _inside(folder):  # where emlearn compiles what it has made, to predict
        predicted = tuple(int(each) for each in converted.predict(samples))
    # The names in C are short, of all models alike.
    converted.save(file=str(folder / "model.h"), name="net")
    rows = ",\n".join("    {" + ", ".join(map(_number, row)) + "}" for row in samples)
    lines = [
        f"#define SAMPLES {len(samples)}", f"#define FEATURES {samples.shape[1]}", "#define PREDICT net_predict",
        *([f"#define REGRESS {outputs}"] if outputs else []),
        f"typedef {dtype} feature;",
        "static const feature samples[SAMPLES][FEATURES] IN_FLASH = {", rows, "};", "",
    ]  # fmt: skip
    (folder / "samples.h").write_text("\n".join(lines), encoding="utf-8")
    shutil.copyfile(SOURCE, folder / "classify.c")
    size = samples.size * (4 if dtype == "float" else 2)
    return Model(name, folder, (folder, Path(str(emlearn.includedir))), predicted, size)


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _fitted(name: str, samples: np.ndarray[Any, Any], classes: np.ndarray[Any, Any]) -> Any:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.tree import DecisionTreeClassifier

    models = {
        "tree": DecisionTreeClassifier(max_depth=4, random_state=1),
        "forest": RandomForestClassifier(10, max_depth=4, random_state=1),
        "network": MLPClassifier((8,), max_iter=500, random_state=1),
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):  # emlearn makes what underflows an error
        warnings.simplefilter("ignore")  # that it could learn for longer
        return models[name].fit(samples, classes)


def _number(value: float) -> str:
    return f"{value:.7g}" + ("f" if value != int(value) else "")


def on_host(model: Model) -> Answers:
    """Return what the model's C says on the host."""
    stub = model.folder / "stub.c"
    stub.write_text(_STUB, encoding="utf-8")
    program = model.folder / "on_host"
    headers = [f"-I{place}" for place in (*model.include, targets_dir() / "boards" / "common" / "include")]
    command: list[str | Path] = [
        "gcc",
        "-std=gnu11",
        "-O2",
        *headers,
        "-o",
        program,
        model.folder / "classify.c",
        stub,
        "-lm",
    ]
    subprocess.run(command, check=True, timeout=_SECONDS)
    said = subprocess.run([program], capture_output=True, text=True, check=True, timeout=_SECONDS)
    return answers(said.stdout)


def measure(model: Model, target: Target, folder: Path) -> Measured:
    """Compile the model for a target and run it there."""
    program = CProgram(
        build_program(target, [model.folder / "classify.c"], folder, include=model.include),
        folder / "console.log",
        timeout=_SECONDS,
    )
    done = program.run()
    assert done.count is not None
    whole = {"flash": program.sizes.flash.bytes, "ram": program.sizes.ram.bytes}
    return Measured(
        answers(done.output), program.own, whole, tuple(region.instructions for region in done.count.regions)
    )


def answers(output: str) -> Answers:
    """Return what a program said, which prints a line for each sample."""
    lines = [line.split() for line in output.splitlines()]
    outputs = tuple(tuple(struct.unpack(">f", bytes.fromhex(word))[0] for word in line[1:]) for line in lines)
    return Answers(tuple(int(line[0]) for line in lines), outputs)


def table(targets: Iterable[str] = TARGETS, models: Iterable[str] = MODELS) -> str:
    """Return the table as Markdown, and with what it was made."""
    chosen = [load_target(name) for name in targets]
    rows: list[tuple[str, ...]] = [
        ("core", "model", "instructions, mean", "most", "flash B", "RAM B", "of the whole program", "RAM B")
    ]
    rows.append(("---", "---", *("---:",) * 6))
    with tempfile.TemporaryDirectory() as place:
        for name in models:
            model = make(name, Path(place) / name)
            rows += [row(measure(model, each, Path(place) / f"{name}-{each.name}"), model, each) for each in chosen]
    return "".join(map(line, rows))


def line(cells: Iterable[str]) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(cells)} |\n"


def row(found: Measured, model: Model, target: Target) -> tuple[str, ...]:
    """Return the cells of a model on a target."""
    mean = sum(found.instructions) / len(found.instructions)
    sizes = (found.own["flash"] - model.samples, found.own["ram"], found.whole["flash"], found.whole["ram"])
    return (
        f"`{target.name}`", model.name, f"{mean:,.1f}", f"{max(found.instructions):,}",
        *(f"{size:,}" for size in sizes),
    )  # fmt: skip


def made_with(targets: Iterable[str] = TARGETS) -> list[str]:
    """Return the versions of what decides the figures of targets. Raises ToolMissing."""
    return list(dict.fromkeys(_tools(targets)))


def _tools(targets: Iterable[str]) -> Iterator[str]:
    for name in targets:
        prefix = load_target(name).cross
        yield toolchain.version(toolchain.find(f"{prefix}gcc", "the table"))
    yield from (f"{package} {version(package)}" for package in ("emlearn", "scikit-learn"))


def written(page: str) -> str:
    """Return the page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\nMade with {'; '.join(made_with())}.\n\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
