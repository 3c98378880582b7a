"""Write a profile in each form that a tool reads."""

from __future__ import annotations

from pathlib import Path

from mpy_harness.counting.profile import Profile
from mpy_harness.errors import MachineryError
from mpy_harness.reports.callgrind import callgrind
from mpy_harness.reports.flamegraph import flamegraph
from mpy_harness.reports.speedscope import speedscope

#: File names, and what to do with each.
FILES = {
    "flamegraph.svg": "open in a browser",
    "profile.speedscope.json": "drop on speedscope.app",
    "callgrind.out.profile": "open with kcachegrind",
    "profile.json": "the call tree itself",
}


def write_profile(profile: Profile, folder: Path) -> dict[Path, str]:
    """Write all forms of a profile to a folder, which is made if need be; return their paths, and what each is for."""
    texts = (flamegraph(profile), speedscope(profile), callgrind(profile), profile.to_json())
    paths = [folder / name for name in FILES]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise MachineryError(f"{folder} cannot take the profile: {error.strerror}. Name another one.") from error
    return dict(zip(paths, FILES.values(), strict=True))
