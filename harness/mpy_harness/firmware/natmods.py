"""Build a native module from a folder laid out as MicroPython's own examples are.

The folder's Makefile sets ``MOD`` and ``SRC`` and includes ``$(MPY_DIR)/py/dynruntime.mk``.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mpy_harness.errors import CorruptModule, NatmodInvalid
from mpy_harness.firmware import (
    build_inputs,
    cache,
    compile_commands,
    make_variables,
    mpyfile,
    natmod_debug,
    natmod_symbols,
    submodules,
    toolchain,
)
from mpy_harness.firmware.link_advice import Link, advice
from mpy_harness.firmware.natmod_lines import CodeSection, read_lines
from mpy_harness.firmware.natmod_symbols import Layout, NatmodFunction
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.project_mirror import Mirror, project_of, sources_of
from mpy_harness.firmware.sources import Source
from mpy_harness.firmware.toolchain import DEFAULT_GOAL

_KIND = "natmods"
_FACTS = "provenance.json"
_RECIPE = 9
_BUILD_SECONDS = 180.0
_MOST_NAMED = 5
_RUNTIME_SYMBOLS = "runtime-symbols"

# What mpy_ld.py of MicroPython prints when it links.
_SIZES = {"text": r"text size:\s+(\d+)", "rodata": r"rodata size:\s+(\d+)", "bss": r"bss size:\s+(\d+)"}
_GOT = r"GOT entries:\s+(\d+)"

#: Variables of make that every build sets, so that nobody else can.
OWN_VARIABLES = ("ARCH", "MPY_DIR", "MPY_CROSS", "PYTHON", "BUILD")

_VARIABLE = re.compile(r"([^\W\d]\w*)=(.*)", re.DOTALL)

# What other messages mean than those of the linker (link_advice.py).
_HINTS = {
    "No rule to make target 'all'": "Does the Makefile `include $(MPY_DIR)/py/dynruntime.mk`?",
    "declaration of function 'mp_obj_new_float'": "Where MicroPython's makefiles have no floats for an architecture, "
    "`MICROPY_FLOAT_IMPL = float` in the Makefile, above its `include`, gives the module some.",
}


@dataclass(frozen=True)
class MakeWords:
    """What a native module's makefile gets on make's command line: the goal, and variables by name.

    Raises NatmodInvalid for one of ``OWN_VARIABLES``.
    """

    goal: str = DEFAULT_GOAL
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if taken := sorted(set(self.variables).intersection(OWN_VARIABLES)):
            raise NatmodInvalid(
                f"{', '.join(taken)}: every build of a native module sets that itself. Leave it out: a target or "
                "--arch chooses ARCH."
            )

    @classmethod
    def read(cls, words: Iterable[str]) -> MakeWords:
        """Return what words say, as make understands them: ``NAME=VALUE``, or the goal. Raises NatmodInvalid."""
        goals, variables = [], {}
        for word in words:
            if found := _VARIABLE.fullmatch(word):
                variables[found[1]] = found[2]
            elif word.startswith("-") or not word:
                raise NatmodInvalid(f"{word!r} is neither a goal of make nor NAME=VALUE.")
            else:
                goals.append(word)
        if len(goals) > 1:
            raise NatmodInvalid(f"a native module is built with one goal of make, not with {' and '.join(goals)}.")
        return cls((goals or [DEFAULT_GOAL])[0], variables)


@dataclass(frozen=True)
class NatmodProvenance:
    """Where a native module came from; all but ``file_sha256`` decides whether it is built anew.

    ``python`` is the environment of Python that makefiles call: packages in it have headers (emlearn).
    """

    folder: str
    folder_sha256: str
    arch: str
    micropython: str
    source_sha256: str
    toolchain: dict[str, str]
    python: str
    recipe: int
    goal: str = DEFAULT_GOAL
    variables: dict[str, str] = field(default_factory=dict)
    file_sha256: str = ""

    def key(self) -> str:
        """Return the module's key in the cache."""
        facts = asdict(self)
        del facts["file_sha256"]
        return f"{self.folder}-{self.arch}-{cache.digest(facts)}"


@dataclass(frozen=True)
class NatmodBuild:
    """A built module: its ``.mpy``, name, arch, sizes in bytes (``got``: entries), and what is where in it.

    ``folder`` is that of its sources. ``unread`` are the variables given that no makefile reads, each with a similar
    name that is read, or "".

    ``rodata`` counts constants wherever the linker put them: on most architectures they share the text's memory.
    """

    path: Path
    name: str
    arch: str
    sizes: dict[str, int]
    provenance: NatmodProvenance
    layout: Layout = field(default_factory=Layout)
    folder: Path | None = None
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def functions(self) -> tuple[NatmodFunction, ...]:
        """Return its functions by offset into the native text."""
        return self.layout.functions


def build_natmod(
    folder: Path,
    arch: str,
    *,
    source: Source,
    micropython: str,
    words: MakeWords | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> NatmodBuild:
    """Return the native module of ``folder`` built for ``arch``; built once for the same inputs.

    ``words`` are for its makefile.
    ``sizes`` has ``text``, ``rodata``, ``bss``, ``got`` and ``file``. Raises ToolMissing or NatmodInvalid, also
    for a variable that nobody reads while one of a similar name is read.
    """
    folder = folder.absolute()
    progress = progress or Silent()
    if not (folder / "Makefile").is_file():
        raise NatmodInvalid(
            f"{folder} is not a native module: it has no Makefile. It needs one with MOD, SRC and "
            "`include $(MPY_DIR)/py/dynruntime.mk`, as examples/natmod of MicroPython."
        )
    words = words or MakeWords()
    tools = toolchain.toolchain_for(arch, micropython)
    planned = NatmodProvenance(
        folder=folder.name,
        folder_sha256=cache.hash_tree(folder, sources_of(folder)),
        arch=arch,
        micropython=source.version,
        source_sha256=source.sha256,
        toolchain=tools.facts(),
        python=sys.prefix,
        recipe=_RECIPE,
        goal=words.goal,
        variables=dict(words.variables),
    )
    if force or cache.entry_from_inputs(_KIND, planned.key(), folder) is None:
        progress.stage(f"building native module {folder.name} for {arch}")
    path = cache.build_from_inputs(
        _KIND,
        planned.key(),
        lambda to: _build(folder, to, planned, source),
        anchor=folder,
        project=project_of(folder),
        force=force,
        progress=progress,
    )
    facts = json.loads((path / _FACTS).read_text(encoding="utf-8"))
    provenance = NatmodProvenance(**facts["provenance"])
    unread = facts.get("unread", {})
    if misspelt := make_variables.misspelt(unread):
        raise NatmodInvalid(f"the native module {folder}: {make_variables.told(misspelt)}")
    layout = natmod_symbols.read(path / natmod_symbols.FILE)
    file = path / f"{facts['name']}.mpy"
    return NatmodBuild(file, facts["name"], arch, facts["sizes"], provenance, layout, folder, unread)


def commands_of(build: NatmodBuild, folder: Path) -> list[dict[str, Any]]:
    """Return how the sources of a build of the module in ``folder`` were compiled, as compile_commands.json has it."""
    folder = folder.absolute()
    return compile_commands.read(build.path.parent, folder, project_of(folder))


def _emlearn_headers() -> Path | None:
    """Return the folder of the installed emlearn's C headers; importing it would be slow."""
    spec = importlib.util.find_spec("emlearn")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _build(folder: Path, to: Path, planned: NatmodProvenance, source: Source) -> list[Path]:
    """Build into ``to`` and return the files that were read."""
    project, tools, log = to / "project", to / "tools", to / "build.log"
    mirror = Mirror(folder, project)
    mirror.fill()
    work = mirror.place
    failure = _make(work, tools, log, planned.arch, source, goal=planned.goal, variables=planned.variables)
    unread = make_variables.unread(planned.variables, build_inputs.makefiles(tools, work))
    results = _results(work, project, build_inputs.variable(tools, toolchain.MODULE))
    if failure is None and len(results) != 1:
        where = "".join(f"\n    {file}" for file in sorted(results)[:_MOST_NAMED])
        failure = f"  make succeeded, but left {len(results)} .mpy files where one was expected.{where}"
    if failure is not None:
        kept = cache.keep_log(log, planned.key())
        found = [*_hints(failure, work, tools, planned.arch, source), *submodules.advice(failure, mirror, source)]
        if misspelt := make_variables.misspelt(unread):
            found.append(make_variables.told(misspelt))
        hints = "".join(f"\n{hint}" for hint in found)
        raise NatmodInvalid(
            f"the native module {folder} did not build for {planned.arch}:\n{mirror.with_own_paths(failure)}{hints}\n"
            f"The whole log: {kept}"
        )
    without = (to, source.path, cache.shared_folder(_RUNTIME_SYMBOLS))
    read = build_inputs.files_read(tools, work, mirror=mirror, without=without)
    if cache.hash_tree(folder, sources_of(folder)) != planned.folder_sha256:
        raise NatmodInvalid(f"{folder} changed while it was built. Try again.")
    result = results[0].rename(to / results[0].name)
    content = result.read_bytes()
    layout = natmod_symbols.linked(tools, result)
    sections = [CodeSection(s.object, s.name, s.offset, s.size) for s in layout.sections if s.name.startswith(".text")]
    cross = toolchain.cross_prefix(planned.arch)
    objdump = toolchain.find(f"{cross}objdump", "finding source lines")
    layout = replace(layout, lines=read_lines(sections, objdump, mirror))
    natmod_symbols.keep(layout, to / natmod_symbols.FILE)
    natmod_debug.link(to, layout, toolchain.find(f"{cross}ld", "linking for debuggers"), planned.arch, mirror)
    compile_commands.keep(to, tools, mirror, toolchain.find(f"{cross}gcc", "building"))
    sizes = _linked_sizes(log.read_text(encoding="utf-8"), layout)
    facts = {
        "name": result.stem,
        "sizes": {**sizes, "file": len(content)},
        "unread": unread,
        "provenance": asdict(planned) | {"file_sha256": hashlib.sha256(content).hexdigest()},
    }
    (to / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(project)
    shutil.rmtree(tools)
    return read


def _results(work: Path, project: Path, module: str) -> list[Path]:
    """Return the .mpy files that a build left: the module's, those beside it, or what a goal has put elsewhere."""
    # Of a Python file in the folder above, ../more.py, an own .mpy is left there, which has gone into the module's.
    named = work / f"{module}.mpy"
    beside = [named] if named.is_file() else list(work.glob("*.mpy"))
    return beside or [file for file in project.rglob("*.mpy") if _is_whole(file)]


def _is_whole(file: Path) -> bool:
    # The others are parts: the linker's, and those of Python files, which are of no architecture.
    try:
        return file.is_file() and not file.name.endswith(".native.mpy") and mpyfile.inspect(file).native
    except CorruptModule:
        return False


def _make(
    work: Path,
    tools: Path,
    log: Path,
    arch: str,
    source: Source,
    *,
    goal: str = DEFAULT_GOAL,
    variables: Mapping[str, str] | None = None,
) -> str | None:
    """Build the mirrored module; return what make said when it failed, None if not."""
    # What -g adds is for us alone: the linker of native modules leaves it out.
    env = toolchain.make_wrappers(tools, source.version, toolchain.cross_prefix(arch), "-g")
    natmod_symbols.listen(tools)
    given = dict(variables or {})
    headers = _emlearn_headers()
    if headers is not None:
        (tools / "emlearn").symlink_to(headers)
        given.setdefault("EMLEARN_INCLUDE", str(tools / "emlearn"))
    own = (arch, source.path, tools / "mpy-cross", tools / "python3", "build")
    given |= {name: str(value) for name, value in zip(OWN_VARIABLES, own, strict=True)}
    # mpy_ld.py reads the symbols of libgcc and libm in seconds, and keeps them in the current
    # folder by the library's hash: one folder serves all modules. A torn entry is read again.
    (work / ".mpy_ld_cache").symlink_to(cache.shared_folder(_RUNTIME_SYMBOLS))
    makefiles = ("Makefile", build_inputs.last_makefile(tools))
    return toolchain.make(work, given, env=env, log=log, timeout=_BUILD_SECONDS, makefiles=makefiles, goal=goal)


def _hints(failure: str, work: Path, tools: Path, arch: str, source: Source) -> list[str]:
    flags = build_inputs.variable(tools, toolchain.LINKER_FLAGS)
    link = Link(work, toolchain.cross_prefix(arch), flags, source.path / "py" / "dynruntime.h")
    hints = [hint for said, hint in _HINTS.items() if said in failure]
    if missing := re.search(r"ModuleNotFoundError: No module named '(\w+)", failure):
        pip = f"{sys.executable} -m pip install {missing[1]}"
        hints.append(f"The Makefile's python3 is the one that runs mpy-harness. It gets a package by\n  {pip}")
    return [*hints, *advice(failure, link)]


def _linked_sizes(output: str, layout: Layout) -> dict[str, int]:
    found = {name: re.search(pattern, output) for name, pattern in {**_SIZES, "got": _GOT}.items()}
    sizes = {name: int(match.group(1)) if match else 0 for name, match in found.items()}
    # What the linker calls text holds the constants too, where they are not apart.
    constants = sum(section.size for section in layout.sections if section.constant and section.space == "text")
    return sizes | {"text": sizes["text"] - constants, "rodata": sizes["rodata"] + constants}
