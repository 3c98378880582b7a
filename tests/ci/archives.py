"""Artifacts for tests: measurements as zip archives, and archives that nobody means well with."""

from __future__ import annotations

import io
import stat
import zipfile
from datetime import datetime, timezone

from mpy_harness.measurements.run import Conditions, Measurement, Run

PROVENANCE = Conditions(
    micropython="1.26.1", firmware="a" * 64, toolchain="gcc 12.2", emulator="QEMU 7.2", harness="0.1.0"
)


def run(*values: tuple[str, str, int], target: str = "m33") -> Run:
    """Return a run that measured values by case and metric."""
    return Run(
        created=datetime(2026, 11, 21, tzinfo=timezone.utc),
        revision="b" * 40,
        provenance={target: PROVENANCE},
        measurements=tuple(
            Measurement(target=target, case=case, metric=metric, value=value, unit=metric)
            for case, metric, value in values
        ),
    )


def artifact(head: Run, base: Run | None = None) -> bytes:
    files = {"head.json": head.model_dump_json()} | ({"base.json": base.model_dump_json()} if base else {})
    return zipped({name: text.encode() for name, text in files.items()})


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip archive of files by name. Their time is always the same: archives are part of tests' names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def with_link(name: str, to: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo(name)
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, to)
    return buffer.getvalue()


def lying(name: str, content: bytes, size: int) -> bytes:
    """Return an archive whose directory says that a file has another size."""
    data = bytearray(zipped({name: content}))
    true = len(content).to_bytes(4, "little")
    central = data.index(b"PK\x01\x02")
    at = data.index(true, central)
    data[at : at + 4] = size.to_bytes(4, "little")
    return bytes(data)
