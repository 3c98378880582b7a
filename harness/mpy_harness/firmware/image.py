"""Provide a target's MicroPython image, built or fetched once, and tell where it came from."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from mpy_harness.errors import BuildFailed, SourceUnavailable, TargetInvalid
from mpy_harness.firmware import additions, build_inputs, cache, guest_program, make_variables, toolchain
from mpy_harness.firmware.board_sources import board_sources, check_port
from mpy_harness.firmware.mpy_cross import mpy_cross
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.project_mirror import project_of
from mpy_harness.firmware.published import cached_image, keep_image, published_image
from mpy_harness.firmware.sources import Source, check_release, micropython_source
from mpy_harness.limits import IMAGE_BYTES
from mpy_harness.resources import read_file
from mpy_harness.targets import InstalledFirmware, PublishedFirmware, Target

_KIND = "firmware"
_FACTS = "provenance.json"
_SAID = "said.txt"
# Part of the key: raise it when this module builds differently from the same inputs.
_RECIPE = 3
_BUILD_SECONDS = 900.0


@dataclass(frozen=True)
class FirmwareProvenance:
    """Where an image came from; all but ``origin`` and ``image_sha256`` decides whether it is built anew.

    ``python`` is the environment of Python that makefiles call, where modules in C have makefiles of their own.
    """

    target: str
    port: str
    micropython: str
    source_sha256: str
    toolchain: dict[str, str]
    make: dict[str, str]
    board_sha256: str
    recipe: int
    guest_sha256: str = ""
    python: str = ""
    origin: str = ""
    image_sha256: str = ""

    def key(self) -> str:
        """Return the image's key in the cache."""
        facts = asdict(self)
        del facts["origin"], facts["image_sha256"]
        return f"{self.target}-{cache.digest(facts)}"


@dataclass(frozen=True)
class Firmware:
    """An image, the name of the target it is for and where it came from.

    ``elf`` is its ELF file; of what others publish or built, the file that is there.
    """

    elf: Path
    target: str
    provenance: FirmwareProvenance


def firmware_for(
    target: Target,
    *,
    source: Path | None = None,
    given: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Firmware:
    """Return the image of ``target``, built on first use and whenever one of its inputs changed.

    A target that runs another one's firmware gets that image, one whose firmware is published the pinned file, and one
    that has its firmware already a file with what that says of itself.

    ``source`` is a folder or archive of MicroPython to use instead of a fetched one, ``given`` an image to use
    instead of the target's own. Raises ToolMissing, SourceUnavailable, HashMismatch or BuildFailed.
    """
    progress = progress or Silent()
    target = target.firmware_of or target
    if given is not None:
        return _given(target, given.absolute())
    target.check_micropython()
    spec = target.firmware
    if isinstance(spec, PublishedFirmware):
        return _published(target, spec, published_image(spec, target.name, force=force, progress=progress))
    if isinstance(spec, InstalledFirmware):
        return _installed(target, spec)
    spec = target.built
    check_release(spec.micropython, source)  # told before its tools are asked for
    tree = micropython_source(spec.micropython, given=source, progress=progress)
    mpy_cross(spec.micropython, progress)
    tools = toolchain.toolchain(target.cross, spec.micropython)
    planned = _plan(target, tree, tools)
    path = cache.build_from_inputs(
        _KIND,
        planned.key(),
        lambda folder: _build(target, tree, planned, folder, progress),
        anchor=target.folder,
        project=project_of(target.folder),
        force=force,
        progress=progress,
    )
    return _load(path, target)


def keep_firmware(target: Target, file: Path, progress: Progress | None = None) -> Firmware:
    """Keep the published image of a target, which was fetched by hand. Raises HashMismatch, TargetInvalid."""
    spec = target.firmware
    if not isinstance(spec, PublishedFirmware):
        raise TargetInvalid(
            f"the firmware of {target.name} is built, there is none to keep. "
            "To run tests on an image of your own, give it to them: pytest --firmware FILE"
        )
    return _published(target, spec, keep_image(spec, file, progress or Silent()))


def cached_firmware(target: Target, source: Source | None) -> Firmware | None:
    """Return the image if it is in the cache for these inputs, or None; builds and fetches nothing."""
    target = target.firmware_of or target
    spec = target.firmware
    if isinstance(spec, PublishedFirmware):
        image = cached_image(spec)
        return _published(target, spec, image) if image else None
    if source is None or not target.is_built:
        return None
    tools = toolchain.toolchain(target.cross, spec.micropython)
    path = cache.entry_from_inputs(_KIND, _plan(target, source, tools).key(), target.folder)
    return _load(path, target) if path else None


def _published(target: Target, spec: PublishedFirmware, image: Path) -> Firmware:
    return Firmware(image, target.name, _not_built(target, spec.micropython, spec.url, spec.sha256))


def _installed(target: Target, spec: InstalledFirmware) -> Firmware:
    # In place of an image: what the firmware says of itself, which is all that is known of it.
    sha256 = hashlib.sha256(spec.said.encode()).hexdigest()

    def write(folder: Path) -> None:
        (folder / _SAID).write_text(spec.said + "\n", encoding="utf-8")

    said = cache.build_once("installed", sha256[:32], write) / _SAID
    return Firmware(said, target.name, _not_built(target, spec.micropython, f"on the board: {spec.said}", sha256))


def _given(target: Target, image: Path) -> Firmware:
    try:
        sha256 = hashlib.sha256(read_file(image, IMAGE_BYTES)).hexdigest()
    except OSError as error:
        raise SourceUnavailable(f"the firmware {image} cannot be read: {error.strerror}. Correct the path.") from error
    return Firmware(image, target.name, _not_built(target, "", f"given file {image.name}", sha256))


def _not_built(target: Target, micropython: str, origin: str, sha256: str) -> FirmwareProvenance:
    return FirmwareProvenance(
        target=target.name,
        port=target.firmware.port,
        micropython=micropython,
        source_sha256="",
        toolchain={},
        make={},
        board_sha256="",
        recipe=_RECIPE,
        origin=origin,
        image_sha256=sha256,
    )


def _plan(target: Target, source: Source, tools: toolchain.Toolchain) -> FirmwareProvenance:
    spec = target.built
    sources = board_sources(target)
    check_port(target, source.path, source.version)
    additions.check(target)
    return FirmwareProvenance(
        target=target.folder.name,  # in a run of several releases, a target's name says which
        port=spec.port,
        micropython=source.version,
        source_sha256=source.sha256,
        toolchain=tools.facts(),
        # No frozen modules unless the target asks: the default manifest needs git submodules. Paths are as the target
        # has them; what is there is known by what the build reads.
        make={"CROSS_COMPILE": target.cross, "FROZEN_MANIFEST": "", **spec.make},
        board_sha256=sources.sha256,
        recipe=_RECIPE,
        guest_sha256=hashlib.sha256(guest_program.frozen_source(target)).hexdigest(),
        python=sys.prefix if additions.has_c_modules(target) else "",
        origin=source.origin,
    )


def _build(target: Target, source: Source, planned: FirmwareProvenance, folder: Path, progress: Progress) -> list[Path]:
    """Build into ``folder`` and return the files that were read."""
    spec = target.built
    additions.check_names(target, source)
    progress.stage(f"building MicroPython {source.version} for {target.name} with {planned.toolchain['gcc']}")
    # Copies: what is built is what was hashed, and their paths are ones make can take.
    work = folder / "work"
    work.mkdir()
    sources = board_sources(target)
    places = sources.put(work / "board")
    if sources.copied(places).sha256 != planned.board_sha256:
        raise BuildFailed(f"the board's files of {target.name} changed while the build began. Try again.")
    # An object file has the path of its source, also of one in ../../ of a module in C: room for those.
    build = work / "objects" / "of" / "the" / "build"
    tools = work / "tools"
    env = toolchain.make_wrappers(tools, source.version, target.cross)
    env |= {
        # The same inputs give the same image: version and date come from the release, not from git and today.
        "MICROPY_GIT_TAG": f"v{source.version}",
        "SOURCE_DATE_EPOCH": str(source.released),
    }
    variables = {
        "BOARD": target.folder.name,
        **places,
        "BUILD": str(build),
        "MICROPY_MPYCROSS": str(tools / "mpy-cross"),
        **planned.make,
        **additions.variables(target, source, work),
    }
    log = folder / "build.log"
    port = source.path / "ports" / spec.port
    makefiles = ("Makefile", build_inputs.last_makefile(tools))
    failure = toolchain.make(port, variables, env=env, log=log, timeout=_BUILD_SECONDS, makefiles=makefiles)
    image = build / spec.image
    if failure is None and not image.is_file():
        failure = f"  make succeeded, but left no {spec.image}: firmware.image in the target's target.toml is wrong."
    if failure is not None:
        kept = cache.keep_log(log, planned.key())
        told = additions.explained(failure, target, work)
        raise BuildFailed(f"the firmware of {target.name} did not build:\n{told}\nThe whole log: {kept}")
    # MicroPython's makefiles leave what the compiler says to them in files .P.
    read = build_inputs.files_read(
        tools,
        port,
        mirror=additions.mirror_of(target, work),
        depfiles=work.rglob("*.P"),
        without=(folder, source.path),
    )
    if unread := make_variables.unread(spec.make, build_inputs.makefiles(tools, port)):
        raise TargetInvalid(f"the firmware of {target.name}: {make_variables.told(unread)}")
    image.rename(folder / spec.image)
    for symbols in build.glob("*.map"):
        symbols.rename(folder / symbols.name)
    shutil.rmtree(work)
    image_sha256 = hashlib.sha256((folder / spec.image).read_bytes()).hexdigest()
    facts = {**asdict(planned), "image_sha256": image_sha256}
    (folder / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    return [*read, *additions.folders_listed(target, read)]


def _load(folder: Path, target: Target) -> Firmware:
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    return Firmware(folder / target.built.image, target.name, FirmwareProvenance(**facts))
