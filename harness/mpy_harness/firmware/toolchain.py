"""Find the programs that build firmware and native modules, and say which package has one that is missing."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from mpy_harness import architectures
from mpy_harness.errors import CompilerMissing, ToolMissing
from mpy_harness.firmware import build_inputs
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.process import first_error, last_lines, run
from mpy_harness.limits import ANSWER_SECONDS

# Debian's package for each program but compilers; other distributions name most of them alike.
_PACKAGES = {
    "gdb-multiarch": "gdb-multiarch",
    "make": "make",
    "qemu-system-arm": "qemu-system-arm",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-system-avr": "qemu-system-misc",
    "qemu-system-riscv32": "qemu-system-misc",
    "qemu-system-riscv64": "qemu-system-misc",
    "valgrind": "valgrind",
}

#: What is made unless something else is asked for.
DEFAULT_GOAL = "all"
#: Makefile variables of native modules (py/dynruntime.mk): the module's name, and flags of its linker.
MODULE, LINKER_FLAGS = "MOD", "MPY_LD_FLAGS"


@dataclass(frozen=True)
class Toolchain:
    """The versions of what a build uses; any change of one makes another build."""

    gcc: str
    binutils: str
    make: str
    mpy_cross: str

    def facts(self) -> dict[str, str]:
        """Return the versions as JSON data."""
        return asdict(self)


def package_for(program: str) -> str | None:
    """Return the Debian packages that provide ``program``, or None when unknown."""
    compilers = (compiler.packages for compiler in architectures.COMPILERS)
    return next((packages[program] for packages in compilers if program in packages), _PACKAGES.get(program))


def find(program: str, purpose: str) -> Path:
    """Return the path of ``program``; raises ToolMissing (a compiler: CompilerMissing), which says how."""
    path = shutil.which(program)
    if path is None:
        package = package_for(program)
        how = f"On Debian: apt install {package}" if package else "Install it and put it on the PATH"
        compilers = (each for each in architectures.COMPILERS if each.advice and program.startswith(each.prefix))
        how = next((each.advice for each in compilers if each.advice), how)
        missing = CompilerMissing if program.endswith("gcc") else ToolMissing
        raise missing(f"{program} is not installed; {purpose} needs it. {how}.")
    return Path(path)


@lru_cache(maxsize=32)
def version(program: Path) -> str:
    """Return the first line of ``program --version``; raises ToolMissing when it does not run."""
    try:
        result = run([program, "--version"], timeout=ANSWER_SECONDS)
    except OSError as error:
        raise ToolMissing(f"{program} does not run: {error.strerror}. Install it again.") from error
    lines = result.output.splitlines()
    if result.status != 0 or not lines:
        raise ToolMissing(f"{program} --version failed:\n{last_lines(result.output)}\nInstall it again.")
    return lines[0].strip()


def cross_prefix(arch: str) -> str:
    """Return the compiler prefix for a native-module architecture."""
    found = architectures.mpy_arch(arch)
    if found is None or found.compiler is None:
        known = ", ".join(architectures.buildable_arches())
        raise ToolMissing(f"native modules for the architecture {arch!r} cannot be built. Known: {known}.")
    return found.compiler.prefix


def toolchain_for(arch: str, micropython: str) -> Toolchain:
    """Return the toolchain for native modules of an architecture and that MicroPython; raises ToolMissing."""
    prefix = cross_prefix(arch)
    tools = toolchain(prefix, micropython)
    found = architectures.mpy_arch(arch)
    if found is not None and found.variant is not None:
        _check_headers(find(f"{prefix}gcc", f"building for {arch}"), found.variant, package=found.package)
    return tools


@lru_cache(maxsize=8)
def toolchain(cross: str, micropython: str) -> Toolchain:
    """Return the toolchain with compiler prefix ``cross`` for that MicroPython; raises ToolMissing."""
    gcc, binutils, make = compiler(cross, "building firmware or native modules")
    return Toolchain(version(gcc), version(binutils), version(make), version(mpy_cross(micropython)))


def compiler(cross: str, purpose: str) -> tuple[Path, Path, Path]:
    """Return gcc, ld and make for the compiler prefix ``cross``; raises ToolMissing."""
    tools = find(f"{cross}gcc", purpose), find(f"{cross}ld", purpose), find("make", purpose)
    _check_headers(tools[0])
    return tools


@lru_cache(maxsize=8)
def _check_headers(gcc: Path, *flags: str, package: str | None = None) -> None:
    """Raise ToolMissing when the compiler is there, but no C library's headers."""
    probe = run([gcc, *flags, "-E", "-include", "math.h", "-x", "c", os.devnull], timeout=ANSWER_SECONDS)
    picolibc = run([gcc, "-print-file-name=picolibc.specs"], timeout=ANSWER_SECONDS).output.strip()
    if probe.status != 0 and not Path(picolibc).is_absolute():
        package = package or package_for(gcc.name)
        how = f"On Debian: apt install {package}" if package else "Install its C library"
        called = " ".join([gcc.name, *flags])
        raise ToolMissing(f"{called} finds no math.h: its C library is missing. {how}.")


def make_wrappers(folder: Path, micropython: str, cross: str, *flags: str) -> dict[str, str]:
    """Put what a build calls into ``folder``, and return the build's environment, which finds it first.

    ``python3``, ``mpy-cross`` and the compiler note what they read (``build_inputs``); ``flags`` are added to the
    compiler's. MicroPython's makefiles call programs by unquoted paths; these have no blanks in theirs. The environment
    holds nothing of the user's that would change what is built.
    """
    folder.mkdir()
    noting = build_inputs.prepare(folder, LINKER_FLAGS, MODULE)
    build_inputs.program_wrapper(folder, "python3", sys.executable)
    build_inputs.program_wrapper(folder, "mpy-cross", str(mpy_cross(micropython)), notes_arguments=True)
    build_inputs.compiler_wrapper(folder, find(f"{cross}gcc", "building"), *flags)
    if cplusplus := shutil.which(f"{cross}g++"):
        build_inputs.compiler_wrapper(folder, Path(cplusplus), *flags)
    return {
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": os.environ.get("HOME", "/"),
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",  # the source tree in the cache stays as it is
        "PYTHONHASHSEED": "0",
        "CCACHE_DISABLE": "1",  # ccache makes no object where DEPENDENCIES_OUTPUT is set; results are kept here anyway
        **noting,
    }


def make(
    folder: Path,
    variables: Mapping[str, str],
    *,
    env: Mapping[str, str],
    log: Path,
    timeout: float,
    makefiles: Sequence[str | Path] = (),
    goal: str = DEFAULT_GOAL,
) -> str | None:
    """Run make in ``folder`` with output in ``log``; return what it said when it failed, None if not.

    ``makefiles`` are read in place of the folder's own.

    The goal is named because a makefile may have rules of its own above the one it includes.
    """
    jobs = min(len(os.sched_getaffinity(0)), 8)
    command = [str(find("make", "building")), "--no-print-directory", "-C", str(folder), f"-j{jobs}", goal]
    command += [f"--file={file}" for file in makefiles]
    command += [f"{name}={value}" for name, value in variables.items()]
    result = run(command, timeout=timeout, env=env)
    text = f"$ {shlex.join(command)}\n{result.output}"
    log.write_text(text, encoding="utf-8")
    return None if result.status == 0 else first_error(result.output)
