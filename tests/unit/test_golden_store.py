from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mpy_harness.cli.app import application
from mpy_harness.errors import VectorsInvalid
from mpy_harness.golden import Golden, VectorStore
from mpy_harness.golden.pins import Pins

SCRIPT = '''"""Ramps.

More about them.
"""
import pathlib
import numpy as np
from shop.shared import SCALE

SEED = 5
LOG = pathlib.Path({log!r})

def make():
    with LOG.open("a") as log:
        log.write("made\\n")
    pathlib.Path("scratch").write_text("somewhere")  # the current folder is nobody's
    ramp = np.arange(4) * float(SCALE)
    return {{"up": {{"x": ramp.astype(np.float32), "y": ramp * 2}}, "down/far": {{"x": -ramp}}}}
'''


class Shop:
    """A package with a script, and how often it ran."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "shop" / "ramps"
        self.folder.mkdir(parents=True)
        for folder in (root / "shop", self.folder):
            (folder / "__init__.py").touch()
        self.log = root / "log"
        self.shared = root / "shop" / "shared.py"
        self.shared.write_text("SCALE = 1.5\n")
        self.script = self.folder / "vectors.py"
        self.script.write_text(SCRIPT.format(log=str(self.log)))

    @property
    def store(self) -> VectorStore:
        return VectorStore(self.script)

    @property
    def times(self) -> int:
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_HARNESS_CACHE", str(tmp_path / "cache"))
    return Shop(tmp_path / "project")


def test_vectors_are_made_once_and_come_from_the_cache(shop):
    shop.store.pin()
    up = shop.store["up"]
    np.testing.assert_array_equal(up["x"], np.array([0, 1.5, 3, 4.5], np.float32))
    np.testing.assert_array_equal(shop.store["down/far"]["x"], [0, -1.5, -3, -4.5])
    assert shop.times == 1
    assert up.provenance.versions == {"numpy": np.__version__}
    assert (up.provenance.script, up.provenance.seed, up.provenance.notes) == ("vectors.py", 5, "Ramps.")
    assert not list(shop.root.rglob("scratch"))


def test_tests_get_the_vectors_of_the_script_beside_them(shop):
    shop.store.pin()
    assert Golden("m33", "armv7emsp", shop.folder).vectors("up")["y"][1] == 3


@pytest.mark.parametrize("what", ["script", "shared", "data", "version"])
def test_they_are_made_again_when_what_they_follow_from_changes(what, shop, monkeypatch):
    (shop.folder / "model.txt").write_text("one")
    shop.store.pin()
    if what == "script":
        shop.script.write_text(shop.script.read_text() + "# a remark\n")
    elif what == "shared":
        shop.shared.write_text("SCALE = 3 / 2\n")
    elif what == "data":
        (shop.folder / "model.txt").write_text("two")
    else:
        monkeypatch.setattr("mpy_harness.golden.store.package_versions", lambda *names: dict.fromkeys(names, "9.9"))
    for _ in range(2):
        assert shop.store["up"]["x"][1] == 1.5
    assert shop.times == 2


def test_the_rest_of_the_folder_does_not_matter(shop):
    shop.store.pin()
    for name in ("workload.py", "test_it.py", "README.md"):
        (shop.folder / name).write_text("# new\n")
    assert shop.store["up"]["x"][1] == 1.5
    assert shop.times == 1


def test_processes_at_once_make_them_once(shop):
    shop.store.pin()
    shop.script.write_text(shop.script.read_text() + "# a remark\n")
    code = f"import mpy_harness.golden as g, pathlib; g.VectorStore(pathlib.Path({str(shop.script)!r}))['up']"
    workers = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0, 0]
    assert shop.times == 2


def test_other_arrays_are_refused_with_versions_and_what_to_do(shop):
    shop.store.pin()
    pins = shop.folder / "vectors.toml"
    pins.write_text(pins.read_text().replace(np.__version__, "0.1"))
    shop.shared.write_text("SCALE = 1.25\n")
    with pytest.raises(VectorsInvalid) as refused:
        shop.store["up"]
    message = str(refused.value)
    assert message.startswith(
        "The vectors 'up' of shop/ramps are not those that are pinned:\n  SHA-256 of what is exact"
    )
    assert f"  numpy: pinned with 0.1, here {np.__version__}\n" in message
    assert f"mpy-harness vectors --pin {shop.folder}" in message
    with pytest.raises(VectorsInvalid, match=r"x: sums pinned 9\.0 and .*, are 7\.5 and"):
        shop.store["down/far"]


def test_other_last_bits_are_not_refused(shop):
    shop.store.pin()
    shop.script.write_text(shop.script.read_text().replace("-ramp", "-ramp * (1 + 1e-14)"))
    assert shop.store["down/far"]["x"][1] != -1.5


def test_a_script_that_fails_is_quoted(shop):
    shop.store.pin()
    shop.shared.write_text("import no_such_package\n")
    with pytest.raises(
        VectorsInvalid, match=r"(?s)did not make its vectors:.*No module named 'no_such_package'.*Install"
    ):
        shop.store["up"]
    shop.shared.write_text("SCALE = 'wide'\n")
    with pytest.raises(
        VectorsInvalid, match=r"(?s)did not make its vectors:.*could not convert string.*Correct the script"
    ):
        shop.store["up"]


def test_names_that_are_not_there(shop):
    with pytest.raises(VectorsInvalid, match=r"There is no .*vectors\.toml"):
        shop.store["up"]
    shop.store.pin()
    with pytest.raises(VectorsInvalid, match="shop/ramps has no vectors 'left', only down/far, up"):
        shop.store["left"]
    shop.script.write_text(shop.script.read_text().replace('"up"', '"left"'))
    with pytest.raises(VectorsInvalid, match="makes no vectors 'up' any more"):
        shop.store["up"]
    with pytest.raises(VectorsInvalid, match="makes vectors that are not pinned: left"):
        shop.store.check()


def test_a_script_outside_of_packages(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_HARNESS_CACHE", str(tmp_path / "cache"))
    script = tmp_path / "vectors.py"
    script.write_text("import numpy\ndef make(): return {'one': {'x': numpy.ones(1)}}\n")
    VectorStore(script).pin()
    assert VectorStore(script)["one"]["x"] == 1
    assert Pins.read(tmp_path / "vectors.toml").versions == {"numpy": np.__version__}


def test_one_command_makes_and_pins_all(shop):
    run = CliRunner().invoke
    folder = str(shop.root)
    assert "There is no" in str(run(application(), ["vectors", folder]).exception)
    pinned = run(application(), ["vectors", "--pin", folder])
    assert re.search(r"^shop/ramps: 2 sets, [\d,]+ bytes, pinned$", pinned.output, re.MULTILINE)
    assert run(application(), ["vectors", folder]).output.rstrip().endswith("as pinned")
    assert shop.times == 2
    shop.shared.write_text("SCALE = 1\n")
    assert isinstance(run(application(), ["vectors", folder]).exception, VectorsInvalid)
    nothing = shop.root / "nothing"
    nothing.mkdir()
    assert "There is no vectors.py below" in str(run(application(), ["vectors", str(nothing)]).exception)
