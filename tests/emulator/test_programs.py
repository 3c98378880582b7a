"""Plain C programs on every board that can run them: what they print, take and do wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mpy_harness import machines
from mpy_harness.errors import GuestFault, GuestReset, GuestTimeout, ProgramInvalid, TargetInvalid, ToolMissing
from mpy_harness.firmware.toolchain import find
from mpy_harness.programs.build import build_program, can_build
from mpy_harness.programs.program import CProgram
from mpy_harness.programs.run import run_program
from mpy_harness.targets import load_target
from tests import warm
from tests.emulator.absent import target_or_skip
from tests.emulator.projects import run, write

Compile = Callable[..., CProgram]

LOOPS = """
#include "harness.h"
static volatile int sink;
__attribute__((noipa)) static void loop(int rounds) {
    for (int i = 0; i < rounds; ++i) {
        sink = i;
    }
}
int main(void) {
    harness_start("none");
    harness_stop();
    for (int rounds = 100; rounds <= 300; rounds += 100) {
        harness_start(rounds == 100 ? "100" : rounds == 200 ? "200" : "300, a longer name");
        loop(rounds);
        harness_stop();
    }
    return 0;
}
"""


@pytest.fixture(params=["m33", "m4-stm32", "rv32"])
def compile_c(request: pytest.FixtureRequest, tmp_path: Path) -> Compile:
    """Compile source text for a target."""

    def build(source: str, name: str = "model.c", mode: str | None = "count", **options: object) -> CProgram:
        file = tmp_path / "a folder" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(source, encoding="utf-8")
        built = build_program(target_or_skip(request.param), [file], tmp_path / "built", **options)  # type: ignore[arg-type]
        return CProgram(built, tmp_path / "console.log", mode)  # type: ignore[arg-type]

    return build


def test_what_it_prints_and_how_it_ends(compile_c: Compile) -> None:
    done = compile_c('#include <stdio.h>\nint main(void) { printf("%s\\n%d", "äöü", 42); return 7; }').run()
    assert (done.output, done.status) == ("äöü\n42", 7)


@pytest.mark.parametrize(
    ("statement", "status"),
    [("exit(3);", 3), ("abort();", 134), ('fputs("said", stdout); exit(0);', 0), ("return 256 + 5;", 5)],
)
def test_all_ways_to_end(compile_c: Compile, statement: str, status: int) -> None:
    headers = '#include <stdio.h>\n#include <stdlib.h>\n#include "harness.h"\n'
    done = compile_c(f'{headers}int main(void) {{ harness_start("r"); {statement} }}').run()
    assert done.status == status
    assert done.count is not None
    assert done.count.instructions > 0
    assert [(region.name, region.finished) for region in done.count.regions] == [("r", False)]
    assert done.output == ("said" if "said" in statement else "")


@pytest.mark.parametrize("mode", ["count", "functions", "classes", "memory"])
def test_regions_hold_their_code_alone(compile_c: Compile, mode: str) -> None:
    count = compile_c(LOOPS, mode=mode).run().count
    assert count is not None
    regions = {region.name: region.instructions for region in count.regions}
    assert regions["none"] == 0
    first, second, third = regions["100"], regions["200"], regions["300, a longer name"]
    assert third - second == second - first > 200
    assert sum(regions.values()) < count.instructions
    if mode == "functions":
        assert count.profile is not None
        costs = {(cost.function.module, cost.function.name): cost for cost in count.profile.functions()}
        assert costs["program", "loop"].calls == 3
        assert costs["program", "main"].calls == 1
        assert sum(cost.exclusive for cost in costs.values()) == count.instructions
    if mode == "classes":
        assert count.regions[1].classes["store"] - regions["none"] >= 100


def test_each_run_counts_the_same(compile_c: Compile) -> None:
    program = compile_c(LOOPS + "\n")
    assert len({program.run().count.instructions for _ in range(5)}) == 1  # type: ignore[union-attr]


def test_output_does_not_depend_on_how_fast_it_is_taken(compile_c: Compile) -> None:
    source = '#include <stdio.h>\nint main(void) { for (int i = 0; i < 2000; ++i) printf("%d\\n", i); }'
    program = compile_c(source)
    runs = [program.run() for _ in range(2)]
    assert runs[0].output == runs[1].output == "".join(f"{i}\n" for i in range(2000))
    assert runs[0].count.instructions == runs[1].count.instructions  # type: ignore[union-attr]


def test_sizes_are_those_of_the_toolchain(compile_c: Compile) -> None:
    program = compile_c(
        "const int table[256] = {1};\nstatic int state[100];\n"
        "int main(int n, char **v) { return table[n] + ++state[n]; }"
    )
    size = find("arm-none-eabi-size", "checking sizes")
    said = subprocess.run([size, program.elf], capture_output=True, text=True, check=True, timeout=20)
    text, data, bss = map(int, said.stdout.splitlines()[1].split()[:3])
    kinds = program.sizes.kinds
    assert (kinds["text"] + kinds["rodata"], kinds["data"], kinds["bss"] + kinds["stack"]) == (text, data, bss)
    assert program.own["ram"] == 400
    assert 1024 < program.own["flash"] < 1100
    assert dict(program.sizes.ram.leaves())["RAM", "model.o", "state"] == 400
    assert program.sizes.flash.bytes < 4000


def test_flags_are_the_last_word(compile_c: Compile) -> None:
    source = "#ifndef GAIN\n#error no gain\n#endif\nint main(void) { return GAIN; }"
    assert compile_c(source, cflags=["-DGAIN=5", '-DTEXT="a $b"', "-O3"]).run().status == 5
    floats = '#include <stdio.h>\nint main(void) { printf("%.3f", 1.5); }'
    assert compile_c(floats, ldflags=["-u", "_printf_float"]).run().output == "1.500"


def test_several_sources_of_one_name_and_headers_elsewhere(tmp_path: Path) -> None:
    for folder, text in (
        ("one", '#include "gain.h"\nint other(void);\nint main(void) { return GAIN + other(); }'),
        ("two", "int other(void) { return 2; }"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.c").write_text(text, encoding="utf-8")
    (tmp_path / "my headers").mkdir()
    (tmp_path / "my headers" / "gain.h").write_text("#define GAIN 40\n", encoding="utf-8")
    sources = [tmp_path / "one" / "model.c", tmp_path / "two" / "model.c"]
    program = build_program(load_target("m33"), sources, tmp_path / "built", include=[tmp_path / "my headers"])
    assert program.objects == ("model.o", "model_2.o")
    assert run_program(program, tmp_path / "log", mode=None).status == 42


@pytest.mark.parametrize(
    ("statement", "arm", "riscv"),
    [
        ("*(volatile int *)0 = 1;", "MemManage", "StoreAccessFault"),
        ("*(volatile int *)0x08000000 = 1;", "MemManage", "StoreAccessFault"),
        ("__asm volatile (UNDEFINED);", "UsageFault", "IllegalInstruction"),
    ],
)
def test_faults(compile_c: Compile, statement: str, arm: str, riscv: str) -> None:
    undefined = '#if __arm__\n#define UNDEFINED "udf #0"\n#else\n#define UNDEFINED "unimp"\n#endif\n'
    program = compile_c(f'#include <stdio.h>\n{undefined}int main(void) {{ puts("so far"); {statement} }}')
    with pytest.raises(GuestFault, match=r"pc is in main\(\) of the program") as caught:
        program.run()
    assert caught.value.kind == (riscv if "mcause" in caught.value.registers else arm)
    assert "    so far\n" in str(caught.value)


def test_a_stack_that_overflows(compile_c: Compile) -> None:
    program = compile_c(
        "__attribute__((noipa)) int deep(int n) { volatile int a[64]; a[0] = n; return deep(n + 1) + a[0]; }\n"
        "int main(void) { return deep(0); }"
    )
    with pytest.raises(GuestFault, match="stack overflow"):
        program.run()


def test_a_heap_that_is_full(compile_c: Compile) -> None:
    source = "#include <stdlib.h>\nint main(void) { return malloc(64 << 20) == 0 && malloc(1000) != 0; }"
    assert compile_c(source).run().status == 1


def test_a_program_without_end(compile_c: Compile) -> None:
    program = compile_c('int main(void) { for (;;) { __asm volatile (""); } }')
    with pytest.raises(GuestTimeout, match=r"did not end within 1 s, in main"):
        program.run(timeout=1)


def test_a_program_that_resets_the_machine(compile_c: Compile) -> None:
    resets = "#if __arm__\n#define PLACE 0xe000ed0c, 0x05fa0004\n#else\n#define PLACE 0x100000, 0x7777\n#endif\n"
    write = "static void write(unsigned at, unsigned what) { *(volatile unsigned *)at = what; }\n"
    program = compile_c(f"{resets}{write}int main(void) {{ write(PLACE); for (;;) {{ }} }}")
    with pytest.raises(GuestReset):
        program.run()


def test_mistakes_of_the_compiler_name_the_source(compile_c: Compile, tmp_path: Path) -> None:
    with pytest.raises(ProgramInvalid, match="did not compile") as caught:
        compile_c("int main(void) { return nothing; }")
    assert f"{tmp_path / 'a folder' / 'model.c'}:1" in str(caught.value)
    with pytest.raises(ProgramInvalid, match=r"undefined reference to .*main"):
        compile_c("int other;")
    with pytest.raises(ProgramInvalid, match=r"undefined reference to .other") as caught:
        compile_c("int other(void);\nint main(void) { return other(); }")
    assert f" {tmp_path / 'a folder' / 'model.c'}:2" in str(caught.value)


@pytest.mark.parametrize(
    ("sources", "said"), [([], "needs C sources"), (["none.c"], "is not there"), (["text.txt"], r"is no C source")]
)
def test_sources_that_are_none(tmp_path: Path, sources: list[str], said: str) -> None:
    (tmp_path / "text.txt").write_text("", encoding="utf-8")
    with pytest.raises(ProgramInvalid, match=said):
        build_program(load_target("m33"), [tmp_path / name for name in sources], tmp_path / "built")
    assert not (tmp_path / "built").exists()


def test_targets_without_a_toolchain_for_it_say_so(tmp_path: Path) -> None:
    target = load_target("esp32")
    assert not can_build(target)
    with pytest.raises(TargetInvalid, match="plain C cannot be compiled for target esp32"):
        build_program(target, [tmp_path / "x.c"], tmp_path)


@pytest.mark.parametrize(("qemu", "renode"), [("m33", "renode-m33"), ("m4-stm32", "renode-stm32f4")])
def test_it_counts_the_same_in_renode(qemu: str, renode: str, tmp_path: Path) -> None:
    try:
        machines.kind_of(load_target(renode)).find()
    except ToolMissing as error:
        pytest.skip(str(error))
    (tmp_path / "model.c").write_text(LOOPS, encoding="utf-8")
    found = []
    for name in (qemu, renode):
        program = build_program(load_target(name), [tmp_path / "model.c"], tmp_path / name)
        count = CProgram(program, tmp_path / "console.log", timeout=60).run().count
        assert count is not None
        found.append([(region.name, region.instructions) for region in (count, *count.regions)])
    assert found[0] == found[1]


def test_the_fixture_keeps_measurements(project: pytest.Pytester) -> None:
    source = '#include "harness.h"\nint main(void) { harness_start("r"); harness_stop(); return 4; }'
    (project.path / "model.c").write_text(source, encoding="utf-8")
    write(
        project,
        test_model="""
def test_model(program):
    compiled = program("model.c")
    assert compiled.own["flash"] < 100
    assert compiled.run().status == 4
""",
    )
    run(project, "--measurements", "run.json").assert_outcomes(passed=1)
    from mpy_harness.measurements.run import read_run

    found = {(each.case, each.metric): each.value for each in read_run(project.path / "run.json").measurements}
    test = "test_model.py::test_model"
    assert found[test, "own ram"] == 0
    assert found[test, "flash"] > found[test, "own flash"] > 0
    assert found[f"{test}: main", "instructions"] > found[f"{test}: r", "instructions"] == 0


def command(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mpy_harness", "program", *map(str, arguments)]
    return warm.run(words, cwd=cwd, env=os.environ | {"COLUMNS": "160"})


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "model.c").write_text(LOOPS.replace("return 0", "return 9"), encoding="utf-8")
    done = command("model.c", "--counting", "functions", "--elf", "kept.elf", "--top", "3", cwd=tmp_path)
    assert done.returncode == 9, done.stderr
    assert "region 'none': 0 instructions" in done.stdout
    assert "its sources" in done.stdout
    assert "biggest symbols of FLASH" in done.stdout
    assert (tmp_path / "kept.elf").read_bytes()[:4] == b"\x7fELF"
    assert command("model.c", "--cflags", "'", cwd=tmp_path).returncode == 2
    assert command("none.c", cwd=tmp_path).returncode == 2
    assert "rp2040 (armv6m) runs other code than m33" in command("model.c", "--part", "rp2040", cwd=tmp_path).stderr
    done = command("model.c", "--part", "rp2350", "--json", cwd=tmp_path)  # counts in the mode "classes"
    found = json.loads(done.stdout)
    assert (found["status"], found["target"]) == (9, "m33")
    assert found["flash"] > found["own"]["flash"] > 0
    assert sum(found["count"]["classes"].values()) == found["count"]["instructions"] > 0
    assert found["part_seconds"] == pytest.approx(found["count"]["estimated_seconds"] * 20 / 150)


def test_programs_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "model.c").write_text("int main(void) { return 1 / 0 * nothing; }", encoding="utf-8")
    assert command("model.c", cwd=tmp_path).returncode == 1
    assert list((tmp_path / "temporary").iterdir()) == []
