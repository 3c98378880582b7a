"""Cores that run plain C alone: what programs print, take and do wrong, and models that emlearn generates."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from docs import forest_in_c, measure_small_cores, measure_workloads, workload_pages
from docs.measure_small_cores import Answers, Model
from mpy_harness.counting.instrument import Mode
from mpy_harness.errors import GuestFault, GuestTimeout, ProgramInvalid, TargetInvalid
from mpy_harness.firmware.toolchain import find
from mpy_harness.github.setup import mpy_cross, packages
from mpy_harness.measurements.run import read_run
from mpy_harness.programs.build import build_program
from mpy_harness.programs.program import CProgram
from mpy_harness.targets import load_target
from tests.emulator.absent import target_or_skip
from tests.emulator.projects import run, write
from tests.emulator.test_programs import LOOPS

Compile = Callable[..., CProgram]

# Registers of peripherals by their addresses, in each way that compilers reach them; what is read is what was written.
REGISTERS = """
#include <avr/io.h>
#include "harness.h"
static volatile unsigned sum;
int main(void) {
    volatile unsigned char *by_pointer = &OCR1AL;
    harness_start("none");
    harness_stop();
    for (int rounds = 10; rounds <= 30; rounds += 10) {
        harness_start(rounds == 10 ? "10" : rounds == 20 ? "20" : "30");
        for (int i = 0; i < rounds; ++i) {
            OCR1BL = i;
            sum += OCR1BL;
            *by_pointer = i;
            sum += *by_pointer;
            GPIOR0 = i;
            if (OCR1BL & 1) {
                sum += 3;
            }
        }
        harness_stop();
    }
    return 0;
}
"""


@pytest.fixture
def avr(tmp_path: Path) -> Compile:
    """Compile source text for an AVR."""

    def build(source: str, mode: Mode = "count", name: str = "uno") -> CProgram:
        file = tmp_path / "model.c"
        file.write_text(source, encoding="utf-8")
        built = build_program(target_or_skip(name), [file], tmp_path / "built")
        return CProgram(built, tmp_path / "console.log", mode)

    return build


def test_what_it_prints_and_how_it_ends(avr: Compile) -> None:
    done = avr('#include <stdio.h>\nint main(void) { printf("%s\\n%d", "äöü", 42); return 7; }').run()
    assert (done.output, done.status) == ("äöü\n42", 7)


@pytest.mark.parametrize(
    ("statement", "status"), [("exit(3);", 3), ("abort();", 134), ("return 256 + 255;", 255), ("for (;;) exit(0);", 0)]
)
def test_all_ways_to_end(avr: Compile, statement: str, status: int) -> None:
    done = avr(f'#include <stdlib.h>\n#include "harness.h"\nint main(void) {{ harness_start("r"); {statement} }}').run()
    assert done.status == status
    assert done.count is not None
    assert [(region.name, region.finished) for region in done.count.regions] == [("r", False)]


# A return address has three bytes on the larger one.
@pytest.mark.parametrize("name", ["uno", "mega"])
@pytest.mark.parametrize("source", [LOOPS.replace("noipa", "noinline"), REGISTERS], ids=["loops", "registers"])
def test_all_ways_of_counting_count_the_same(avr: Compile, source: str, name: str) -> None:
    program, found = avr(source, name=name), {}
    modes: tuple[Mode, ...] = ("count", "instructions", "classes", "functions", "memory")
    for mode in modes:
        program.mode = mode
        count = program.run().count
        assert count is not None
        assert count.exact
        found[mode] = [(each.name, each.instructions) for each in (count, *count.regions)]
        if mode == "classes":
            assert sum(count.classes.values()) == count.instructions
            assert count.classes["store"] > 60
        if mode == "functions":
            assert count.profile is not None
            assert sum(cost.exclusive for cost in count.profile.functions()) == count.instructions
    assert len({str(each) for each in found.values()}) == 1, found
    none, first, second, third = (instructions for _, instructions in found["count"][1:])
    assert none == 0
    assert third - second == second - first > 100


def test_skipped_calls_are_none(avr: Compile) -> None:
    source = """
#include <stdint.h>
uint8_t twice(uint8_t);
__attribute__((naked, noinline)) uint8_t twice(uint8_t x) {
    __asm volatile ("sbrs r24, 0\\n rcall 1f\\n ret\\n1: lsl r24\\n ret");
}
int main(void) { return twice(1) + twice(4) + twice(3); }
"""
    done = avr(source, "functions").run()
    assert (done.status, done.count is not None) == (1 + 8 + 3, True)
    assert done.count is not None
    assert done.count.profile is not None
    costs = {cost.function.name: cost for cost in done.count.profile.functions() if cost.function.name == "twice"}
    # What is skipped counts.
    assert costs["twice"].inclusive == 3 + 5 + 3
    assert sum(cost.exclusive for cost in done.count.profile.functions()) == done.count.instructions


def test_sizes_are_those_of_the_toolchain(avr: Compile) -> None:
    program = avr(
        "#include <avr/pgmspace.h>\nconst int table[256] PROGMEM = {1};\nstatic int state[100];\nint given = 3;\n"
        "int main(int n, char **v) { return pgm_read_word(&table[n]) + given + ++state[n]; }"
    )
    said = subprocess.run(
        [find("avr-size", "checking sizes"), program.elf], capture_output=True, text=True, check=True, timeout=20
    )
    text, data, bss = map(int, said.stdout.splitlines()[1].split()[:3])
    assert (program.sizes.flash.bytes, program.sizes.ram.bytes) == (text + data, data + bss)
    assert program.own["ram"] == 202
    assert 512 < program.own["flash"] < 600
    assert dict(program.sizes.ram.leaves())["RAM", "model.o", "state"] == 200


def test_the_stack_is_measured(avr: Compile) -> None:
    source = "int main(void) {{ volatile char a[{0}]; for (int i = 0; i < {0}; ++i) a[i] = i; return a[3]; }}"
    taken = []
    for size in (100, 300):
        count = avr(source.format(size), "memory").run().count
        assert count is not None
        assert count.memory is not None
        taken.append(count.memory.stack)
    assert taken[1] - taken[0] == 200


def test_an_instruction_that_there_is_none_of(avr: Compile) -> None:
    program = avr('#include <stdio.h>\nint main(void) { puts("so far"); __asm volatile (".word 0x00ff"); }')
    with pytest.raises(GuestFault, match=r"QEMU halted it(.|\n)*pc is in main\(\) of the program") as caught:
        program.run()
    assert caught.value.kind == "IllegalInstruction"
    assert "    so far" in str(caught.value)


def test_a_stack_that_overflows_and_comes_back(avr: Compile) -> None:
    program = avr(
        "extern char _sstack, _estack;\n"
        "__attribute__((noinline)) void fill(volatile char *a, int n) { while (n-- > 0) a[n] = n; }\n"
        "int main(void) { int n = &_estack - &_sstack - 20; char a[n]; fill(a, n); return 3; }"
    )
    with pytest.raises(GuestFault, match="stack overflow: what lies below the stack was overwritten") as caught:
        program.run()
    assert caught.value.kind == "StackOverflow"


def test_a_stack_that_overflows_for_good(avr: Compile) -> None:
    program = avr(
        "__attribute__((noinline)) int deep(int n) { volatile int a[16]; a[0] = n; return deep(n + 1) + a[0]; }\n"
        "int main(void) { return deep(0); }"
    )
    with pytest.raises(GuestFault, match="stack overflow") as caught:
        program.run(timeout=1)
    assert caught.value.kind in {"StackOverflow", "IllegalInstruction"}


def test_a_heap_that_is_full(avr: Compile) -> None:
    source = "#include <stdlib.h>\nint main(void) { int n = 0; while (malloc(100) != 0) ++n; return n; }"
    assert 10 < avr(source).run().status < 80


def test_a_program_without_end(avr: Compile) -> None:
    program = avr('int main(void) { for (;;) { __asm volatile (""); } }')
    with pytest.raises(GuestTimeout, match=r"did not end within 1 s, in main"):
        program.run(timeout=1)


@pytest.mark.parametrize("what", ["char data[9000]; int main(void) { return data[1] = 2; }"])
def test_what_is_too_large_for_the_chip_does_not_link(avr: Compile, what: str) -> None:
    with pytest.raises(ProgramInvalid, match=r"`\.bss' is not within region `data'|overflowed"):
        avr(what)


def test_a_board_is_refused_and_says_why(project: pytest.Pytester) -> None:
    target_or_skip("uno")
    (project.path / "model.c").write_text("int main(void) { return 4; }", encoding="utf-8")
    write(
        project,
        test_both="def test_board(board): pass\ndef test_model(program): assert program('model.c').run().status == 4",
    )
    result = run(project, "test_both.py", "--target", "uno", "--measurements", "run.json")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*uno runs plain C programs alone: MicroPython has no port for AVR*`program`*"])
    taken = {each.metric: each.value for each in read_run(project.path / "run.json").measurements}
    assert taken["flash"] > taken["own flash"] > 0
    # Where a pattern stands for it, that is no mistake of whoever gave it.
    run(project, "test_both.py", "--target", "uno*").assert_outcomes(passed=1, skipped=1)
    # Nor is a target that has boards and no programs.
    run(project, "test_both.py", "--target", "unix*").assert_outcomes(passed=1, skipped=1)
    named = run(project, "test_both.py", "--target", "unix")
    named.stdout.fnmatch_lines(["*plain C cannot be compiled for target unix*"])


def test_there_is_no_firmware_of_it() -> None:
    for name in ("uno", "mega"):
        target = load_target(name)
        assert target.is_plain
        said = f"{name} runs plain C programs alone"
        with pytest.raises(TargetInvalid, match=said):
            target.check_micropython()
        with pytest.raises(TargetInvalid, match=said):
            _ = target.built
        with pytest.raises(TargetInvalid, match=said):
            load_target(f"{name}@1.26.1")


def test_a_job_installs_what_it_needs() -> None:
    wanted = packages([load_target("uno")])
    assert {"avr-libc", "gcc-avr", "binutils-avr", "make", "qemu-system-misc"} <= set(wanted)
    assert not any("arm" in package for package in wanted)
    assert mpy_cross([load_target("uno"), load_target("m33")]) == mpy_cross([load_target("m33")])


@pytest.fixture(scope="module", params=measure_small_cores.MODELS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Answers]:
    """A model that emlearn generates C of, and what that says on the host."""
    made = measure_small_cores.make(request.param, tmp_path_factory.mktemp("model"))
    return made, measure_small_cores.on_host(made)


@pytest.mark.parametrize("name", measure_small_cores.TARGETS[:-1])
def test_a_model_agrees_with_the_host_in_each_sample(model: tuple[Model, Answers], name: str, tmp_path: Path) -> None:
    made, host = model
    target = target_or_skip(name)
    found = measure_small_cores.measure(made, target, tmp_path / "built")
    assert len(found.answers.classes) == len(found.instructions) == 150
    assert len(set(host.classes)) == 3
    assert found.answers.classes == host.classes == made.classes
    assert len(found.answers.outputs[0]) == (3 if made.name == "network" else 0)
    np.testing.assert_allclose(found.answers.outputs, host.outputs, atol=1e-6)
    page = measure_small_cores.PAGE.read_text(encoding="utf-8")
    if all(version in page for version in measure_small_cores.made_with([name])):  # other compilers give other figures
        row = measure_small_cores.row(found, made, target)
        (written,) = re.findall(rf"^{re.escape(' | '.join(('| ' + row[0], row[1])))} \| (.*) \|$", page, re.MULTILINE)
        # Which weights a network is trained to depends on NumPy's library, and what floats take in software on them.
        near = 0.01 if made.name == "network" else 0.0
        figures = [float(cell.replace(",", "")) for cell in row[2:]]
        told = [float(cell.replace(",", "")) for cell in written.split(" | ")]
        assert figures == pytest.approx(told, rel=near), "python -m docs.measure_small_cores makes the table anew"


@pytest.fixture(scope="module", params=forest_in_c.METHODS)
def forest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Answers]:
    """The forest of the comparison that is quoted, and what its C says on the host."""
    made = forest_in_c.make(request.param, tmp_path_factory.mktemp("forest"))
    return made, measure_small_cores.on_host(made)


@pytest.mark.parametrize("name", measure_workloads.TARGETS)
def test_the_quoted_forest_in_plain_c(forest: tuple[Model, Answers], name: str, tmp_path: Path) -> None:
    made, host = forest
    target = target_or_skip(name)
    found = measure_small_cores.measure(made, target, tmp_path / "built")
    assert len(set(host.classes)) > 5
    assert found.answers.classes == host.classes == made.classes == forest_in_c.classes()
    told = json.loads(workload_pages.data_file("classifiers").read_text(encoding="utf-8"))[name]
    of_page = told["programs"][made.name]
    # Other compilers give other figures, and other emlearns.
    if (told["toolchain"], of_page["generator"]) == (measure_workloads.tools(target), forest_in_c.generator()):
        assert sum(found.instructions) == of_page["instructions"], "python -m docs.measure_workloads classifiers"
        assert found.own["flash"] - made.samples == of_page["flash"]
