"""``mpy-harness profile``, and what ``mpy-harness run`` tells of regions."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from mpy_harness.board.natmod_loader import build_module
from mpy_harness.counting.profile import Profile
from mpy_harness.resources import natmods_dir
from mpy_harness.targets import load_target
from tests.emulator.projects import COMMAND, mpy_harness, qemu_without_plugins, take_signals

FIB = """
import sys
import harness_mark

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

print("begun")
with harness_mark.region("small"):
    fib(3)
for n in (9, 10):
    with harness_mark.region("big"):
        print(fib(n))
"""
CALLS = {3: 5, 9: 109, 10: 177}  # of fib(n): 2 * F(n + 1) - 1
FILES = ["callgrind.out.profile", "flamegraph.svg", "profile.json", "profile.speedscope.json"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "fib.py").write_text(FIB)
    return tmp_path


def number(text: str) -> int:
    return int(text.replace(",", ""))


def total(done: subprocess.CompletedProcess[str]) -> int:
    (said,) = re.findall(r"^\w+\.py on m33: ([\d,]+) instructions$", done.stdout, re.MULTILINE)
    return number(said)


def regions(text: str) -> list[tuple[str, int]]:
    return [(name, number(taken)) for name, taken in re.findall(r"^region '(\w+)': ([\d,]+) instr", text, re.MULTILINE)]


def profile_of(folder: Path) -> Profile:
    return Profile.from_json((folder / "profile.json").read_text())


def calls(profile: Profile, name: str, kind: str = "python") -> int:
    (found,) = [c for c in profile.functions() if (c.function.name, c.function.kind) == (name, kind)]
    return found.calls


def check_nothing_of_ours(text: str) -> None:
    for words in ("mpy_harness/", "_mpyh", 'most recent call last):\n  File "/usr'):
        assert words not in text


# --- run -----------------------------------------------------------------------------------------


def test_run_tells_of_regions_beside_the_output(place: Path) -> None:
    (place / "fib.py").write_text(FIB + "sys.exit(7)\n")
    done = mpy_harness("run", "fib.py", cwd=place)
    assert (done.returncode, done.stdout) == (7, "begun\n34\n55\n")
    assert [name for name, _ in regions(done.stderr)] == ["small", "big", "big"]
    small, big, bigger = (taken for _, taken in regions(done.stderr))
    assert small < big < bigger
    assert bigger / big == pytest.approx(CALLS[10] / CALLS[9], rel=0.05)
    assert regions(mpy_harness("run", "fib.py", cwd=place).stderr) == regions(done.stderr)


def test_run_tells_of_regions_until_an_error(place: Path) -> None:
    (place / "fib.py").write_text(FIB + "with harness_mark.region('last'):\n    fib(3)\n    raise ValueError('no')\n")
    done = mpy_harness("run", "fib.py", cwd=place)
    assert done.returncode == 1
    assert [name for name, _ in regions(done.stderr)] == ["small", "big", "big", "last"]
    assert "ValueError: no" in done.stderr


# --- profile -------------------------------------------------------------------------------------


def test_profile_writes_files_that_tools_read(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("begun\n34\n55\n\nfib.py on m33: ")
    assert [name for name, _ in regions(done.stdout)] == ["small", "big", "big"]
    folder = place / ".mpy-harness" / "profile" / "fib"
    assert sorted(path.name for path in folder.iterdir()) == FILES
    for name in FILES:
        assert f".mpy-harness/profile/fib/{name}  (" in done.stdout

    profile = profile_of(folder)
    assert profile.name == "fib.py"
    assert profile.total == total(done) == sum(cost.exclusive for cost in profile.functions())
    assert calls(profile, "fib") == CALLS[3] + CALLS[9] + CALLS[10]
    svg = ET.parse(folder / "flamegraph.svg").getroot()  # noqa: S314 - of our own making
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    titles = ["".join(title.itertext()) for title in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert any(title.startswith("fib") and f"{total(done):,}" in title for title in titles)
    speedscope = json.loads((folder / "profile.speedscope.json").read_text())
    assert speedscope["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    assert speedscope["profiles"][0]["endValue"] == total(done)
    callgrind = (folder / "callgrind.out.profile").read_text()
    assert callgrind.startswith("# callgrind format\n")
    assert re.search(rf"^(summary|totals): {total(done)}$", callgrind, re.MULTILINE)


def test_profile_is_the_same_every_time_and_goes_where_it_is_told(place: Path) -> None:
    first = mpy_harness("profile", "fib.py", "--output", "one/deep", cwd=place)
    second = mpy_harness("profile", "fib.py", "--output", str(place / "two"), cwd=place)
    assert (first.returncode, second.returncode) == (0, 0)
    for name in FILES:
        assert (place / "one" / "deep" / name).read_bytes() == (place / "two" / name).read_bytes()
    assert not (place / ".mpy-harness").exists()
    again = mpy_harness("profile", "fib.py", "--output", "two", cwd=place)  # over what is there
    assert again.stdout == second.stdout.replace(f"{place}/two", "two")


def test_profile_passes_arguments_and_status_on(place: Path) -> None:
    (place / "script.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(int(sys.argv[1]))\n")
    done = mpy_harness("profile", "script.py", "7", "--top", "3", "--", "--more", cwd=place)
    assert done.returncode == 7
    assert done.stdout.startswith("['7', '--more']\n")
    assert total(done) > 0


@pytest.mark.parametrize(("argument", "status"), [("", 0), ("0", 0), ("'text'", 1)])
def test_profile_of_a_script_that_exits(place: Path, argument: str, status: int) -> None:
    (place / "script.py").write_text(f"import sys\nsys.exit({argument})\n")
    done = mpy_harness("profile", "script.py", cwd=place)
    assert done.returncode == status
    assert total(done) > 0


def test_profile_of_a_script_that_raises(place: Path) -> None:
    text = FIB + "def work():\n    fib(3)\n    raise ValueError('after the work')\nwork()\n"
    (place / "fib.py").write_text(text)
    done = mpy_harness("profile", "fib.py", cwd=place)
    assert done.returncode == 1
    assert done.stdout.startswith("begun\n34\n55\n")
    assert f"line {text.splitlines().index('work()') + 1}, in <module>" in done.stderr
    assert done.stderr.rstrip().endswith("ValueError: after the work")
    check_nothing_of_ours(done.stderr)
    profile = profile_of(place / ".mpy-harness" / "profile" / "fib")
    assert profile.total == total(done)
    assert calls(profile, "fib") == 2 * CALLS[3] + CALLS[9] + CALLS[10]


def test_profile_of_a_script_that_does_not_end(place: Path) -> None:
    (place / "endless.py").write_text("def wait():\n    while True:\n        pass\n\nwait()\n")
    done = mpy_harness("profile", "endless.py", "--timeout", "2", cwd=place)
    assert done.returncode == 1
    assert "did not end within 2 s" in done.stderr
    assert "line 3, in wait" in done.stderr
    assert calls(profile_of(place / ".mpy-harness" / "profile" / "endless"), "wait") == 1
    assert total(done) > 1_000_000


def test_profile_of_a_script_that_is_interrupted(place: Path) -> None:
    (place / "endless.py").write_text("def work():\n    return 1\n\nprint('begun')\nwhile True:\n    work()\n")
    command = [*COMMAND, "profile", "endless.py"]
    with subprocess.Popen(
        command,
        cwd=place,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=take_signals,  # noqa: PLW1509 - no threads here
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "python" in said
    assert calls(profile_of(place / ".mpy-harness" / "profile" / "endless"), "work") > 0


def test_profiles_of_scripts_of_one_name_stay_apart(place: Path) -> None:
    for folder in ("one", "two"):
        (place / folder).mkdir()
        (place / folder / "it.py").write_text(f"def {folder}(): pass\n{folder}()\n")
        assert mpy_harness("profile", f"{folder}/it.py", cwd=place).returncode == 0
    for folder in ("one", "two"):
        assert calls(profile_of(place / ".mpy-harness" / "profile" / folder / "it"), folder) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [("this is no python\n", "SyntaxError"), ("import machine\nmachine.reset()\n", "reset or stopped the machine")],
)
def test_profile_of_what_leaves_nothing_to_show(place: Path, text: str, message: str) -> None:
    (place / "script.py").write_text(text)
    done = mpy_harness("profile", "script.py", cwd=place)
    assert done.returncode == 1
    assert message in done.stderr
    check_nothing_of_ours(done.stderr)
    assert "instructions" not in done.stdout
    assert not (place / ".mpy-harness").exists()


def test_profile_of_an_empty_script(place: Path) -> None:
    (place / "empty.py").write_text("")
    done = mpy_harness("profile", "empty.py", cwd=place)
    assert done.returncode == 0
    assert 0 < total(done) < 5_000


def test_functions_that_the_collector_has_freed_are_harmless(place: Path) -> None:
    # Each round makes functions and fills the memory of those before with other things.
    (place / "lib").mkdir()
    (place / "lib" / "helper.py").write_text("def alive():\n    return 1\n")
    (place / "script.py").write_text(
        "import gc, helper\n"
        "for i in range(300):\n"
        "    exec('def made%d(): return %d' % (i % 7, i), globals())\n"
        "    made0()\n"
        "    kept = [bytes([255, i & 255] * (1 + i % 40)) for _ in range(100)]\n"
        "    if i % 10 == 0:\n"
        "        gc.collect()\n"
        "    helper.alive()\n"
        "print('done')\n"
    )
    done = mpy_harness("profile", "script.py", "--device-path", "lib", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(profile_of(place / ".mpy-harness" / "profile" / "script"), "alive") == 300


def test_profile_shows_as_much_as_is_wanted(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", "--top", "2", "--tree", cwd=place)
    functions = done.stdout.split("\n\n")[2].splitlines()
    assert len(functions) == 1 + 2 + 1 + 1  # headline, two functions, the others, total
    assert functions[-1].split()[:2] == ["total", functions[-1].split()[1]]
    (headline,) = [line for line in done.stdout.splitlines() if line.startswith("inclusive")]
    tree = done.stdout.partition(headline)[2]
    assert re.search(r"^ +[\d,]+ +[\d.]+% +[\d,]+ +\d+ +fib  \(python\)$", tree, re.MULTILINE)


def test_profile_with_classes(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", "--classes", "--part", "rp2350", cwd=place)
    assert done.returncode == 0
    assert done.stdout.count("begun\n") == 1  # the second run is silent
    rows = r"^class +instructions +share\n(.*?)\ntotal +([\d,]+) +100.0%$"
    table = re.search(rows, done.stdout, re.MULTILINE | re.DOTALL)
    assert table is not None
    cells = [re.split(r"\s{2,}", line) for line in table[1].splitlines()]
    assert sum(number(row[1]) for row in cells) == number(table[2]) == total(done)
    assert {"integer", "load", "store", "branch taken", "call"} <= {row[0] for row in cells}
    assert re.search(r"^estimated on a cortex-m33: ≈ .* cycles ±\d+ %, .*s at \d+ MHz", done.stdout, re.MULTILINE)
    on_part = r"^estimated on rp2350 \(cortex-m33\): ≈ .* cycles -\d+ \+[\d.]+ %, .*s at 150 MHz$"
    assert re.search(on_part, done.stdout, re.MULTILINE)


def test_profile_says_what_is_not_in_the_time_on_a_part(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", "--classes", "--part", "nrf52840", cwd=place)
    assert done.returncode == 0
    assert re.search(r"^estimated on nrf52840 \(cortex-m4\): ≈ .*s at 64 MHz$", done.stdout, re.MULTILINE)
    assert "nrf52840: how long code waits for flash is not in it: no source tells it" in done.stdout


def test_profile_names_native_modules_of_the_device_path(place: Path) -> None:
    (place / "lib").mkdir()
    shutil.copy(build_module(natmods_dir() / "iir", load_target("m33")).path, place / "lib" / "iir.mpy")
    (place / "script.py").write_text(
        "import array, iir\n"
        "filt = iir.new(array.array('f', [1, 0, 0, 1, 0, 0]))\n"
        "block = array.array('f', bytes(4 * 256))\n"
        "for _ in range(10):\n"
        "    filt.run(block)\n"
    )
    done = mpy_harness("profile", "script.py", "--device-path", "lib", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    functions = profile_of(place / ".mpy-harness" / "profile" / "script").functions()
    costs = [cost for cost in functions if cost.function.module == "iir"]
    assert {cost.function.kind for cost in costs} == {"natmod"}
    assert all(re.fullmatch(r"iir\+0x[0-9a-f]+", cost.function.name) for cost in costs)
    assert costs[0].exclusive > 10 * 256 * 9  # operations that a biquad has
    assert costs[0].calls == 10
    assert re.search(r"^iir +\d", done.stdout, re.MULTILINE)  # in the table of modules


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.py"], "'absent.py' does not exist"),
        (["."], "'.' is a directory"),
        (["fib.py", "--target", "absent"], "there is no target 'absent'"),
        (["fib.py", "--device-path", "absent"], "'absent' does not exist"),
        (["fib.py", "--output", "fib.py"], "'fib.py' is a file"),
        (["fib.py", "--top", "0"], "Invalid value for '--top'"),
        (["fib.py", "--timeout", "0"], "Invalid value for '--timeout'"),
    ],
)
def test_wrong_arguments(place: Path, arguments: list[str], message: str) -> None:
    done = mpy_harness("profile", *arguments, cwd=place)
    assert done.returncode == 2
    assert message in re.sub(r"[│\s]+", " ", done.stderr)
    assert "Traceback" not in done.stderr
    assert not (place / ".mpy-harness").exists()


def test_a_folder_that_cannot_be_written(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", "--output", "fib.py/below", cwd=place)
    assert done.returncode == 2
    assert total(done) > 0  # what was found out is not lost
    assert done.stderr == "mpy-harness: fib.py/below cannot take the profile: Not a directory. Name another one.\n"
    (place / ".mpy-harness").write_text("")
    done = mpy_harness("profile", "fib.py", cwd=place)
    assert done.returncode == 2
    assert f"{place} cannot take the profile: File exists. Say where: --output." in done.stderr


def test_where_nothing_can_be_counted(
    place: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", qemu_without_plugins(tmp_path_factory.mktemp("bin")))
    done = mpy_harness("run", "fib.py", cwd=place)
    assert (done.returncode, done.stdout, done.stderr) == (0, "begun\n34\n55\n", "")
    done = mpy_harness("profile", "fib.py", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert "instructions cannot be counted: " in done.stderr
    assert "was built without TCG plugins" in done.stderr
    assert "Traceback" not in done.stderr


def test_profile_as_data(place: Path) -> None:
    done = mpy_harness("profile", "fib.py", "--json", "--part", "stm32f405", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)  # the script's own output is not in it
    profile = profile_of(place / ".mpy-harness" / "profile" / "fib")
    assert (said["target"], said["instructions"]) == ("m33", profile.total)
    assert sum(each["exclusive"] for each in said["functions"]) == profile.total
    (fib,) = (each for each in said["functions"] if (each["name"], each["kind"]) == ("fib", "python"))
    assert fib["calls"] == CALLS[3] + CALLS[9] + CALLS[10]
    assert sum(said["classes"].values()) == said["instructions"]
    assert (said["part"], said["waits_not_told"]) == ("stm32f405", [])
    assert 0 < said["part_seconds"] < said["estimated_seconds"]
    assert said["part_above_percent"] > said["part_error_percent"] > 0
    assert [region["name"] for region in said["regions"]] == ["small", "big", "big"]
    assert sorted(Path(file).name for file in said["files"]) == FILES
