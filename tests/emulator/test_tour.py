"""docs/tour.md is what a new user's first session prints, from the wheel, in a folder of its own.

python -m tests.emulator.test_tour      # makes the page anew, and its pictures where Chromium is
"""

from __future__ import annotations

import base64
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mpy_harness.firmware import cache, toolchain
from mpy_harness.firmware.image import firmware_for
from mpy_harness.targets import load_target
from tests.ci.definitions import guides_workflows
from tests.emulator.absent import target_or_skip
from tests.emulator.installed import REPOSITORY, Installed, install
from tests.emulator.serial.conftest import command
from tests.emulator.serial.desk import Desk
from tests.emulator.sharing import published_image
from tests.unit.browser import PROGRAM, Browser

PAGE = REPOSITORY / "docs" / "tour.md"
PICTURES = PAGE.parent / "images"
_NEW = "docs/tour.md is not what the session prints: python -m tests.emulator.test_tour"
_SECONDS = 300
#: What differs from one run to the next, or by where it runs.
_VOLATILE = [
    (re.compile(r" in \d+\.\d+s( \(\d+:\d\d:\d\d\))?"), ""),
    (re.compile(r"\[ *\d+\.\d s\] "), ""),
    (re.compile(r"0x1[0-9a-f]{7}\b"), "0x1…"),
    (re.compile(r"^([.sFE]+) +(?=\[100%\]$)", re.MULTILINE), r"\1 "),  # as wide as it is, less what was built meanwhile
]

# Where a build is told between the tests' dots: how many there are depends on what is in the cache.
_PROGRESS = re.compile(r"mpy-harness: (building|fetching|compiling|unpacking|making) .*\n")

WRONG = ("        out[i] = src[i] * *factor;", "        out[i] = src[i] * *factor + 0.001f;")
TOO_FAR = ("for (size_t i = 0; i < n; i++) {", "for (size_t i = 0; i <= n; i++) {")
#: What a chip's own image is shown with, and the headings of its section and of the next one.
CHIP = "esp32c3"
_CHIP_HEADING, _NEXT_HEADING = "## On a chip with MicroPython's own image", "## On a board on the desk"
#: Who commits, and when: nothing of the machine's is in the repository of the session.
_GIT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "user@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    **{f"GIT_{who}_DATE": "2026-12-01T10:00:00Z" for who in ("AUTHOR", "COMMITTER")},
}
_PICTURE_WIDTH = 1000
_END_OF_MEASUREMENTS = "document.getElementById('measurements').getBoundingClientRect().bottom + 16"
SLOWER = ("        out[i] = src[i] * *factor;", "        out[i] = src[i] == src[i] ? src[i] * *factor : 0.0f;")
COUNTED = """

def test_costs(natmod, board):
    module = natmod(FOLDER)
    x, y, factor = (board.hold(np.ones(n, np.float32)) for n in (100, 100, 1))
    with board.count("scale"):
        module.scale(x, y, factor)
"""


@dataclass
class Tour:
    """A session: what is typed, what comes back, and what is said in between."""

    installed: Installed
    folder: Path
    secrets: dict[str, str] = field(default_factory=dict)
    text: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Write a paragraph."""
        self.text += [text.strip(), ""]

    def type(self, line: str, cwd: str = "", *, status: int = 0, only: Callable[[str], bool] | None = None) -> None:
        """Type command lines, the last of which has to end with a status, and show what they print, or some of it."""
        self.text.append("```console")
        *first, last = line.splitlines()
        for each in first:
            self._run(each, cwd, 0, only)
        self._run(last, cwd, status, only)
        self.text += ["```", ""]

    def _run(self, line: str, cwd: str, status: int, only: Callable[[str], bool] | None) -> None:
        words = line
        for name, value in self.secrets.items():
            words = words.replace(name, value)
        done = subprocess.run(
            shlex.split(words),
            cwd=self.folder / cwd,
            env={**self._environment(), "COLUMNS": "110"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == status, f"{line}: status {done.returncode}\n{done.stdout}"
        lines = (row for row in self._shown(done.stdout) if only is None or only(row))
        self.text += [f"$ {line}", *lines]

    def change(self, file: str, pair: tuple[str, str]) -> None:
        """Edit a file."""
        path = self.folder / file
        before = path.read_text(encoding="utf-8")
        assert pair[0] in before
        path.write_text(before.replace(pair[0], pair[1], 1), encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        others = ("PYTEST_", "PYTHON", "GIT", "MPY_HARNESS_RENODE")  # of a job on GitHub, too
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        programs = f"{self.installed.folder / 'bin'}{os.pathsep}{kept['PATH']}"
        return kept | _GIT | {"PATH": programs, cache.ENVIRONMENT: str(cache.cache_root())}

    def _shown(self, printed: str) -> Iterator[str]:
        for name, value in self.secrets.items():
            printed = printed.replace(value, name)
        printed = _PROGRESS.sub("", printed.replace(str(self.folder), "~"))
        for pattern, text in _VOLATILE:
            printed = pattern.sub(text, printed)
        return (line.rstrip() for line in printed.splitlines())


def _of_failure(row: str) -> bool:
    return row[:1] in {"E", ">"} or "failed" in row


def _of_end(row: str) -> bool:
    return "passed" in row


def _begin(installed: Installed, folder: Path) -> Tour:
    for program, module in (("pytest", "pytest"), ("mpy-harness", "mpy_harness")):
        file = installed.folder / "bin" / program
        file.write_text(f'#!/bin/sh\nexec {installed.folder / "bin" / "python"} -m {module} "$@"\n', encoding="utf-8")
        file.chmod(0o755)
    return Tour(installed, folder)


def _count(tour: Tour) -> None:
    test = tour.folder / "envelope" / "test_envelope.py"
    test.write_text(test.read_text(encoding="utf-8") + COUNTED, encoding="utf-8")


def on_chip(installed: Installed, folder: Path) -> str:
    """Run the same tests on a chip's own image, and return that section of the page."""
    tour = _begin(installed, folder)
    tour.type("mpy-harness new-natmod envelope")
    _count(tour)
    tour.text.clear()
    tour.say(f"""
{_CHIP_HEADING}

No firmware is built for [an ESP32-C3](esp32.md): `mpy-harness setup {CHIP}` fetches the one that MicroPython publishes
and an emulator of the whole chip. The module is compiled for the image, the tests are the same.
""")
    tour.type(f"pytest -q --target {CHIP}", "envelope")
    return "\n".join([*tour.text, ""])


def _parted(page: str) -> tuple[str, str, str]:
    """Return what is before the section of the chip, that section, and what is behind it."""
    before, heading, rest = page.partition(_CHIP_HEADING)
    section, following, behind = rest.partition(_NEXT_HEADING)
    assert heading
    assert following
    return before, heading + section, following + behind


def session(installed: Installed, folder: Path) -> str:
    """Run the whole session but for the chip, and return the page without that section."""
    tour = _begin(installed, folder)
    tour.say("""
# A tour

The first session of somebody who writes a native module, as it was typed and as it was answered. A test runs it
again, from the wheel in an environment of its own, and holds this page against what is printed. On Debian, the
tools are `apt install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm make gcc`, and for all cores
`gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf qemu-system-misc`; `mpy-harness doctor` tells what is missing.

## A module

```sh
pip install mpy-harness pytest
```
""")
    tour.type("mpy-harness new-natmod envelope")
    tour.type("pytest -q", "envelope")
    tour.say("""
The firmware was built, QEMU booted it, the module was compiled for its core and imported, and what it computed was
held against NumPy; `native` is the C file, `python` its twin. The table tells what the module takes.

## It computes something wrong
""")
    tour.say("Somebody adds a thousandth in the C file:")
    tour.change("envelope/envelope.c", WRONG)
    tour.type("pytest -q -k native", "envelope", status=1, only=_of_failure)
    tour.say("""
The picture has got and reference, and the error between them:

![The error of each value](images/tour-error.png)
""")
    tour.change("envelope/envelope.c", (WRONG[1], WRONG[0]))
    tour.say("""
## It writes where it must not

One element too far: all results are right, and a device would crash a week later.
""")
    tour.change("envelope/envelope.c", TOO_FAR)
    tour.type("pytest -q -k native --memcheck", "envelope", status=1, only=_of_failure)
    tour.change("envelope/envelope.c", (TOO_FAR[1], TOO_FAR[0]))
    tour.say("[Memory errors](memcheck.md) says what is found, and what is not. Mended:")
    tour.type("pytest -q --memcheck", "envelope", only=_of_end)
    tour.say("""
## What it costs, on more cores

A region that is counted, in the test file:
""")
    tour.text += ["```python", *COUNTED.strip().splitlines(), "```", ""]
    _count(tour)
    tour.type("pytest -q --target m33 --target m0 --target rv32", "envelope")
    tour.say("""
The Cortex-M0 and the RISC-V core have no FPU. Instructions are counted one by one: the figures are the same on every
machine and in every run. `--part rp2040` adds [time on a chip](parts.md).

## On a board on the desk

The same tests on a board with MicroPython, behind a serial port. (Here it is a QEMU behind a pseudo-terminal.) What
only an emulator can do, such as counting, skips.
""")
    target = load_target("m33")
    with closing(Desk(command(firmware_for(target)), folder)) as desk:
        tour.secrets["/dev/ttyACM0"] = str(desk.port)
        tour.type(
            "pytest -q --target serial:/dev/ttyACM0", "envelope", only=lambda row: "passed" in row or "SKIPPED" in row
        )
    tour.say("""
## A pull request

On GitHub a dozen lines have every change measured, beside what it is based on. (`OWNER`: who has mpy-harness there.)
""")
    workflow = guides_workflows()["test.yml"].replace("natmods: natmods", "natmods: .")
    file = folder / "envelope" / ".github" / "workflows" / "test.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow, encoding="utf-8")
    tour.text += ["```yaml", *workflow.splitlines(), "```", ""]
    tour.type(
        "git init -q -b main\n"
        "git add Makefile envelope.c envelope_python.py test_envelope.py .github\n"
        "git commit -q -m Envelope",
        "envelope",
    )
    tour.say("Somebody makes NaN a zero. What the workflow runs says the same here as there:")
    tour.change("envelope/envelope.c", SLOWER)
    measure = 'mpy-harness ci measure --base main --targets m33 --natmods . --pytest-args "--counting functions"'
    told = ("mpy-harness: the report", "regressed=")
    tour.type(
        f"git switch -q -c nan\ngit commit -q -a -m 'NaN is zero'\n{measure}",
        "envelope", status=1, only=lambda row: "got worse" in row or row.startswith(told),
    )  # fmt: skip
    tour.say("""
Its last line names the report, one file that needs no network:

![Verdict, what grew, and a table of the measurements that got worse](images/tour-report.png)
""")
    tour.type("mpy-harness report .mpy-harness/measured --markdown comment.md", "envelope")
    comment = (folder / "envelope" / "comment.md").read_text(encoding="utf-8").partition("<details>")[0]
    tour.say("[A second workflow](ci.md#ten-lines) posts that on the pull request, where it comes from a fork as well:")
    tour.text += [*(f"> {line}".rstrip() for line in comment.strip().splitlines()), ""]
    return "\n".join(tour.text).strip() + f"\n\nMade with {conditions()}.\n"


def conditions() -> str:
    """Return what the page's figures depend on."""
    facts = [toolchain.toolchain(toolchain.cross_prefix(arch), "1.26.1").facts() for arch in ("armv7emsp", "rv32imc")]
    return "; ".join(dict.fromkeys(version for each in facts for tool, version in each.items() if tool != "make"))


@pytest.mark.slow
def test_the_page_is_what_the_session_prints(installed: Installed, tmp_path: Path) -> None:
    for name in ("m0", "rv32"):
        target_or_skip(name)
    before, _, behind = _parted(PAGE.read_text(encoding="utf-8"))
    written = before + behind
    printed = session(installed, tmp_path)
    if written.splitlines()[-1] == printed.splitlines()[-1]:
        assert printed.splitlines() == written.splitlines(), _NEW
    else:  # another compiler makes other code; what is typed and said is the same
        typed = [line for line in written.splitlines() if line.startswith(("$ ", "#"))]
        assert [line for line in printed.splitlines() if line.startswith(("$ ", "#"))] == typed, _NEW


@pytest.mark.slow
def test_the_section_of_the_chip_is_what_it_prints(installed: Installed, tmp_path: Path) -> None:
    target_or_skip("rv32")  # whose compiler it is
    published_image(load_target(CHIP))
    page = PAGE.read_text(encoding="utf-8")
    printed = on_chip(installed, tmp_path)
    if not page.endswith(f"\n\nMade with {conditions()}.\n"):
        pytest.skip("the page was made with another compiler, whose code takes other instructions")
    assert printed.splitlines() == _parted(page)[1].splitlines(), _NEW


def draw(folder: Path) -> None:
    """Keep the pictures of a session: the plot of what failed, and the report's page down to its measurements."""
    (plot,) = (folder / "envelope" / ".mpy-harness" / "failed").glob("*.png")
    shutil.copy(plot, PICTURES / "tour-error.png")
    with Browser(folder) as browser:
        browser.open(folder / "envelope" / ".mpy-harness" / "measured" / "report.html", width=_PICTURE_WIDTH)
        end = browser.evaluate(_END_OF_MEASUREMENTS)
        clip = {"x": 0, "y": 0, "width": _PICTURE_WIDTH, "height": end, "scale": 1}
        picture = browser.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
    (PICTURES / "tour-report.png").write_bytes(base64.b64decode(picture))


def main() -> None:
    """Make the page anew; the chip's section only where its emulator and its image are."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        installed = install(folder)
        for name in ("session", "chip"):
            (folder / name).mkdir()
        try:
            published_image(load_target(CHIP))
            section = on_chip(installed, folder / "chip")
        except pytest.skip.Exception as missing:
            print(f"the section of the chip stays as it was: {missing}", file=sys.stderr)
            section = _parted(PAGE.read_text(encoding="utf-8"))[1]
        before, following, behind = session(installed, folder / "session").partition(_NEXT_HEADING)
        if PROGRAM is not None:
            draw(folder / "session")
        PAGE.write_text(f"{before}{section}{following}{behind}", encoding="utf-8")
    print(f"{PAGE.relative_to(REPOSITORY)} is written", file=sys.stderr)


if __name__ == "__main__":
    main()
