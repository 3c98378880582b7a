"""The table of instruction sets: what it says, and that it agrees with MicroPython's sources and with the bootstrap."""

from __future__ import annotations

from pathlib import Path

import pytest

from mpy_harness import architectures
from mpy_harness.architectures import INSTRUCTION_SETS
from mpy_harness.architectures.cores import CORES
from mpy_harness.firmware import toolchain
from mpy_harness.resources import targets_dir
from mpy_harness.targets import available, load_target
from mpy_harness.targets.files import read_toml

ROOT = Path(__file__).parents[2]


def test_names_by_number_are_those_of_micropython():
    # MP_NATIVE_ARCH_* of py/persistentcode.h.
    assert architectures.ARCH_NAMES == (
        "none", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp",
        "xtensa", "xtensawin", "rv32imc", "rv64imc",
    )  # fmt: skip


def test_names_and_encodings_are_each_of_one_thing():
    assert len({which.name for which in INSTRUCTION_SETS}) == len(INSTRUCTION_SETS)
    for which in INSTRUCTION_SETS:
        if which.marks is not None:
            assert len(which.marks.by_encoding) == len(which.marks.encodings) == 6


@pytest.mark.parametrize(
    ("code", "core", "runs"),
    [
        ("armv6m", "armv7emsp", True),
        ("armv7em", "armv7emsp", True),
        ("armv7emsp", "armv7m", False),
        ("armv6", "armv7m", False),
        ("rv32imc", "rv64imc", False),
        ("x86", "x64", False),
        ("armv7m", "nothing known", False),
        ("nothing known", "nothing known", True),
    ],
)
def test_lesser_cores_code_runs_where_the_instruction_set_says_so(code, core, runs):
    assert architectures.runs_on(code, core) is runs


@pytest.mark.parametrize(
    ("machine", "pointer", "address"),
    [("EM_ARM", 0x10000001, 0x10000000), ("EM_RISCV", 0x42000002, 0x42000002), ("EM_Z80", 3, 3)],
)
def test_addresses_of_code(machine, pointer, address):
    assert architectures.code_address(machine, pointer) == address


@pytest.mark.parametrize(
    ("code", "is_call"),
    [
        ("7047 9847", True),  # blx r3
        ("fff7 f5ff", True),  # bl
        ("00f0 00e8", False),  # b.w, or blx to an address that is not Thumb's
        ("7047", False),  # bx lr
        ("f5ff", False),  # half of a bl
        ("", False),
    ],
)
def test_calls(code, is_call):
    which = architectures.instruction_set("armv7m")
    assert which is not None
    assert which.ends_with_call(bytes.fromhex(code)) is is_call


@pytest.mark.parametrize(
    ("code", "is_call"),
    [
        ("9700 0000 e780 4012", True),  # auipc, jalr ra
        ("0295", True),  # c.jalr a0
        ("8200 8290", True),  # c.jalr ra
        ("0290", False),  # c.ebreak
        ("8280", False),  # c.jr ra
        ("6780 0000", False),  # jr ra
    ],
)
def test_calls_on_riscv(code, is_call):
    which = architectures.instruction_set("rv32imc")
    assert which is not None
    assert which.ends_with_call(bytes.fromhex(code)) is is_call


def test_what_is_not_known_is_none():
    assert architectures.mpy_arch("none") is None
    assert architectures.instruction_set("none") is None
    assert architectures.instruction_set_of_elf("EM_Z80") is None


@pytest.mark.parametrize("name", available())
def test_targets_are_of_architectures_in_the_table(name):
    target = load_target(name)
    assert (architectures.mpy_arch(target.natmod.arch) is None) == target.is_plain
    assert target.instruction_set in INSTRUCTION_SETS


def test_the_core_of_an_architecture_is_that_of_a_target():
    targets = {(target.natmod.arch, target.core) for target in map(load_target, available())}
    cores = {(arch.name, arch.core) for which in INSTRUCTION_SETS for arch in which.arches if arch.core is not None}
    assert {("armv6m", "cortex-m0"), ("armv7m", "cortex-m3")} < cores
    assert cores <= targets


def test_cores_with_a_cycle_model_can_be_compiled_for():
    models = {path.stem for path in (targets_dir() / "cores").glob("*.toml")}
    # Those of RISC-V chips are for what rv32 executed.
    published = read_toml(ROOT / "docs" / "published-times.toml")["board"]
    assert models - {board["core"] for board in published} <= {*CORES}


def test_the_bootstrap_installs_what_the_table_says():
    text = (ROOT / "bootstrap").read_text(encoding="utf-8")
    arm = architectures.mpy_arch("armv7emsp")
    assert arm is not None
    assert arm.compiler is not None
    assert arm.compiler.packages["arm-none-eabi-gcc"].split()
    for package in (arm.compiler.gcc or "").split():
        assert package in text
    assert toolchain.package_for("arm-none-eabi-ld") == "binutils-arm-none-eabi"
