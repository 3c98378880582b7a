"""What the tests of the instruction decoder share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.decode.decoder import Decoder


def _need(tool: str, package: str = "") -> str:
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed" + (f". On Debian: apt install {package}" if package else ""))
    return tool


@pytest.fixture(scope="session")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Decoder]:
    _need("gcc")
    decoder = Decoder(tmp_path_factory.mktemp("decoder"))
    yield decoder
    decoder.close()


@pytest.fixture(scope="session")
def arm_objdump() -> str:
    return _need("arm-none-eabi-objdump")


@pytest.fixture(scope="session")
def arm_assembler() -> str:
    return _need("arm-none-eabi-as")


@pytest.fixture(scope="session")
def riscv_objdump() -> str:
    return _need("riscv64-unknown-elf-objdump")


@pytest.fixture(scope="session")
def riscv_assembler() -> str:
    return _need("riscv64-unknown-elf-as")


@pytest.fixture(scope="session")
def xtensa_objdump() -> str:
    return _need("xtensa-esp32-elf-objdump")


@pytest.fixture(scope="session")
def xtensa_assembler() -> str:
    return _need("xtensa-esp32-elf-as")


@pytest.fixture(scope="session")
def avr_objdump() -> str:
    return _need("avr-objdump", "binutils-avr")


@pytest.fixture(scope="session")
def avr_assembler() -> str:
    return _need("avr-as", "binutils-avr")
