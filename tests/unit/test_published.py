"""Images that are published: used only with their hash, kept by hand, or another one given."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mpy_harness.errors import HashMismatch, SourceUnavailable, TargetInvalid
from mpy_harness.firmware import cache
from mpy_harness.firmware.image import cached_firmware, firmware_for, keep_firmware
from mpy_harness.targets import PublishedFirmware, Target, load_target

CONTENT = b"an image"


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The ESP32 with another image, at an address that cannot be reached, and an empty cache."""
    monkeypatch.setenv(cache.ENVIRONMENT, str(tmp_path / "cache"))
    esp32 = load_target("esp32")
    firmware = PublishedFirmware(
        micropython="1.26.1",
        port="esp32",
        image="it.bin",
        url="https://127.0.0.1:1/it.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    return esp32.model_copy(update={"firmware": firmware})


def test_a_file_fetched_by_hand_is_kept(target, tmp_path):
    assert cached_firmware(target, None) is None
    (tmp_path / "mine.bin").write_bytes(CONTENT)
    kept = keep_firmware(target, tmp_path / "mine.bin")
    assert kept.elf.read_bytes() == CONTENT
    assert kept.elf.name == "it.bin"
    (tmp_path / "mine.bin").unlink()
    assert firmware_for(target) == kept == cached_firmware(target, None)
    facts = kept.provenance
    assert facts.origin == "https://127.0.0.1:1/it.bin"
    assert facts.image_sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_another_file_is_not_kept(target, tmp_path):
    (tmp_path / "mine.bin").write_bytes(CONTENT + b".")
    with pytest.raises(HashMismatch):
        keep_firmware(target, tmp_path / "mine.bin")
    assert cached_firmware(target, None) is None


def test_a_file_that_is_not_there_is_not_kept(target, tmp_path):
    with pytest.raises(SourceUnavailable, match=r"none\.bin cannot be read: No such file .*Correct the path"):
        keep_firmware(target, tmp_path / "none.bin")


def test_a_file_that_cannot_be_fetched(target):
    with pytest.raises(SourceUnavailable) as caught:
        firmware_for(target)
    assert "the firmware of esp32 could not be fetched: https://127.0.0.1:1/it.bin: " in str(caught.value)
    assert "mpy-harness setup esp32@1.26.1 --firmware FILE" in str(caught.value)
    assert not list((cache.cache_root() / "published").glob("[!.]*"))


def test_a_given_image_needs_no_other(target, tmp_path):
    (tmp_path / "mine.bin").write_bytes(b"any")
    firmware = firmware_for(target, given=tmp_path / "mine.bin")
    assert firmware.elf == tmp_path / "mine.bin"
    assert firmware.provenance.image_sha256 == hashlib.sha256(b"any").hexdigest()
    assert firmware.provenance.origin == "given file mine.bin"
    with pytest.raises(SourceUnavailable, match=r"none\.bin cannot be read"):
        firmware_for(target, given=tmp_path / "none.bin")


def test_firmware_that_is_built_cannot_be_kept(tmp_path):
    with pytest.raises(TargetInvalid, match="the firmware of m33 is built, there is none to keep"):
        keep_firmware(load_target("m33"), tmp_path / "mine.bin")
