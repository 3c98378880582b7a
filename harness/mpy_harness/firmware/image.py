"""Provide a target's MicroPython image, built or fetched once, and tell where it came from."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from mpy_harness.errors import BuildFailed, SourceUnavailable, TargetInvalid
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.board_sources import board_sources
from mpy_harness.firmware.progress import Progress, Silent
from mpy_harness.firmware.published import cached_image, keep_image, published_image
from mpy_harness.firmware.releases import release
from mpy_harness.firmware.sources import Source, micropython_source
from mpy_harness.targets import FILE_NAME, PublishedFirmware, Target

_KIND = "firmware"
_FACTS = "provenance.json"
# Part of the key: raise it when this module builds differently from the same inputs.
_RECIPE = 3
_BUILD_SECONDS = 900.0


@dataclass(frozen=True)
class FirmwareProvenance:
    """Where an image came from; all but ``origin`` and ``image_sha256`` decides whether it is built anew."""

    target: str
    port: str
    micropython: str
    source_sha256: str
    toolchain: dict[str, str]
    make: dict[str, str]
    board_sha256: str
    recipe: int
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

    A target that runs another one's firmware gets that image, one whose firmware is published the pinned file.

    ``source`` is a folder or archive of MicroPython to use instead of a fetched one, ``given`` an image to use
    instead of the target's own. Raises ToolMissing, SourceUnavailable, HashMismatch or BuildFailed.
    """
    progress = progress or Silent()
    target = target.firmware_of or target
    if given is not None:
        return _given(target, given.absolute())
    spec = target.firmware
    if isinstance(spec, PublishedFirmware):
        return _published(target, spec, published_image(spec, target.name, force=force, progress=progress))
    tools = toolchain.toolchain(target.cross, spec.micropython)
    tree = micropython_source(spec.micropython, given=source, progress=progress)
    planned = _plan(target, tree, tools)
    path = cache.build_once(
        _KIND,
        planned.key(),
        lambda folder: _build(target, tree, planned, folder, progress),
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
    if source is None:
        return None
    tools = toolchain.toolchain(target.cross, spec.micropython)
    path = cache.entry(_KIND, _plan(target, source, tools).key())
    return _load(path, target) if path else None


def _published(target: Target, spec: PublishedFirmware, image: Path) -> Firmware:
    return Firmware(image, target.name, _not_built(target, spec.micropython, spec.url, spec.sha256))


def _given(target: Target, image: Path) -> Firmware:
    try:
        sha256 = hashlib.sha256(image.read_bytes()).hexdigest()
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
    if not (source.path / "ports" / spec.port / "Makefile").is_file():
        raise TargetInvalid(
            f"{target.folder / FILE_NAME}: firmware.port: MicroPython {source.version} has no port {spec.port!r}."
        )
    return FirmwareProvenance(
        target=target.name,
        port=spec.port,
        micropython=source.version,
        source_sha256=source.sha256,
        toolchain=tools.facts(),
        # No frozen modules unless the target asks: the default manifest needs git submodules.
        make={"CROSS_COMPILE": target.cross, "FROZEN_MANIFEST": "", **spec.make},
        board_sha256=sources.sha256,
        recipe=_RECIPE,
        origin=source.origin,
    )


def _build(target: Target, source: Source, planned: FirmwareProvenance, folder: Path, progress: Progress) -> None:
    spec = target.built
    progress.stage(f"building MicroPython {source.version} for {target.name} with {planned.toolchain['gcc']}")
    # Copies: what is built is what was hashed, and their paths are ones make can take.
    board = folder / "board"
    sources = board_sources(target)
    places = sources.put(board)
    if sources.copied(places).sha256 != planned.board_sha256:
        raise BuildFailed(f"the board's files of {target.name} changed while the build began. Try again.")
    build = folder / "build"
    env = toolchain.make_wrappers(folder / "tools", source.version, target.cross)
    env |= {
        # The same inputs give the same image: version and date come from the release, not from git and today.
        "MICROPY_GIT_TAG": f"v{source.version}",
        "SOURCE_DATE_EPOCH": str(release(source.version).released),
    }
    variables = {
        "BOARD": target.name,
        **places,
        "BUILD": str(build),
        "MICROPY_MPYCROSS": str(folder / "tools" / "mpy-cross"),
        **planned.make,
    }
    log = folder / "build.log"
    port = source.path / "ports" / spec.port
    failure = toolchain.make(port, variables, env=env, log=log, timeout=_BUILD_SECONDS)
    image = build / spec.image
    if failure is None and not image.is_file():
        failure = f"  make succeeded, but left no {spec.image}: firmware.image in the target's target.toml is wrong."
    if failure is not None:
        kept = cache.keep_log(log, planned.key())
        raise BuildFailed(f"the firmware of {target.name} did not build:\n{failure}\nThe whole log: {kept}")
    image.rename(folder / spec.image)
    for symbols in build.glob("*.map"):
        symbols.rename(folder / symbols.name)
    for leftover in (build, board, folder / "tools"):
        shutil.rmtree(leftover)
    image_sha256 = hashlib.sha256((folder / spec.image).read_bytes()).hexdigest()
    facts = {**asdict(planned), "image_sha256": image_sha256}
    (folder / _FACTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def _load(folder: Path, target: Target) -> Firmware:
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    return Firmware(folder / target.firmware.image, target.name, FirmwareProvenance(**facts))
