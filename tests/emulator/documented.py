"""The examples of the documentation, and what stands around those that are no whole file."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A block of a page. Its key is the page and the first line that is more than a comment's or table's name."""

    page: str
    language: str
    text: str

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0].partition("  #")[0].rstrip()

    @property
    def key(self) -> str:
        return f"{self.page}: {self.first_line}"


def examples(language: str) -> Iterator[Example]:
    for page in PAGES:
        for _, found, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield Example(str(page.relative_to(ROOT)), found, textwrap.dedent(text))


#: Examples that are not run here, and why.
ELSEWHERE = {
    "docs/serial.md: def test_time(board, natmod):": "needs a board: tests/emulator/serial/test_serial_board.py",
    'docs/serial.md: description = "Pico on the desk"': "the same reads it",
    "docs/machines.md: import subprocess": "tests/emulator/test_own_machine.py runs it",
    'docs/machines.md: description = "Cortex-M33 in QEMU, its console on pipes"': "tests/emulator/test_own_machine.py",
    'docs/machines.md: [project.entry-points."mpy_harness.machines"]': "tests/emulator/test_own_machine.py has one",
    'docs/parts.md: description = "ST STM32F405, as on the Pyboard"': "a part: tests/unit/test_parts.py reads it",
    "docs/firmware.md: [firmware.make]": "tests/emulator/firmware/test_additions.py",
    'docs/firmware.md: include("$(MPY_DIR)/extmod/asyncio")': "tests/emulator/test_asyncio_everywhere.py freezes it",
    "docs/workloads.md: # cases/sums/cumsum/vectors.py": "tests/emulator/test_workloads.py runs them together",
    "docs/workloads.md: # cases/sums/cumsum/bytecode.py": "the same",
    "docs/workloads.md: # cases/sums/cumsum/viper.py": "the same",
    "docs/workloads.md: # cases/sums/cumsum/workload.py": "the same",
    "docs/workloads.md: from dense import dense": "cases/classifiers/digits_cnn/viper.py begins like this",
    "docs/small-cores.md: def test_model(program):": "tests/emulator/test_small_cores.py compiles what emlearn makes",
    "docs/tour.md: def test_costs(natmod, board):": "tests/emulator/test_tour.py runs it in its place",
    "docs/stm32.md: # sensor.py": "needs Renode: tests/emulator/stm32/test_stm32_devices.py runs both",
    "docs/stm32.md: def test_driver(board):": "the same",
    'docs/renode.md: board.machine.execute(f"machine LoadPlatformDescription @{description}")': (
        "needs Renode: cases/sensors/microphone attaches its sensor in this way"
    ),
}

#: Lines of a test before an example that is some lines of one.
IN_A_TEST = {
    "docs/getting-started.md: buffer = board.hold(x)": """
        x = np.arange(4, dtype=np.float32)
        board.exec("class Filter:\\n    def run_in_place(self, x):\\n        x[0] = 7")
        filt = board.eval("Filter()")
    """,
    'docs/golden.md: golden.check(got, reference, case="iir/a_weighting/noise", metric="snr", limit=90)': """
        got = reference = np.ones(8, np.float32)
    """,
}

#: Lines of guest code before an example that is guest code.
IN_THE_GUEST = {
    "docs/counting.md: try:": "",
    "docs/natmods.md: f = iir.new(sos)": """
        import iir
        sos = array('f', [1, 0, 0, 1, 0, 0])
        buf, src, out = array('f', [1, 2]), array('f', [1, 2]), array('f', [0, 0])
    """,
    "docs/natmods.md: f = fir.new(taps)": """
        import fir
        taps = array('f', [1, 0.5])
        buf, src, out = array('f', [1, 2]), array('f', [1, 2]), array('f', [0, 0])
    """,
    "docs/natmods.md: m = network.new(layers, weights, biases)": """
        import network
        layers = array('h', [0, 1, 1, 2, 1, 1, 1, 1, 1, 0])
        weights, biases, x, out = array('f', [1, 1]), array('f', [0]), array('f', [1, 2]), array('f', [0])
    """,
    "docs/natmods.md: scaler.scaled(x, table, out)": """
        import scaler
        x, table, out = array('f', [1, 2]), array('f', [0, 1, 0, 1]), array('f', [0, 0])
    """,
    "docs/natmods.md: p = fft.new(n)": """
        import fft
        n = 8
        z, x, spectrum = array('f', [1] * 2 * n), array('f', [1] * n), array('f', [0] * (n + 2))
    """,
    "docs/natmods.md: m = trees.new(nodes, roots, leaves, features, classes, bits)": """
        import trees
        nodes, roots, leaves = array('h', [0, 5, -1, -2]), array('i', [0]), bytes([0, 1])
        features, classes, bits = 1, 2, 0
        sample, out = array('h', [3]), array('f', [0, 0])
    """,
    "docs/natmods.md: int16_to_float(ints, floats, 1 / 32768)": """
        from arrayutils import *
        ints, floats = array('h', [1, 2]), array('f', [0, 0])
    """,
}

#: Fixtures that the examples ask for.
CONFTEST = """
import numpy as np
import pytest

@pytest.fixture
def sos():
    return np.array([1, 0, 0, 1, 0, 0], np.float32)

@pytest.fixture
def filt(natmod, sos):
    return natmod("iir").new(sos)

@pytest.fixture
def block():
    return np.ones(64, np.float32)

@pytest.fixture
def samples():
    return (2 * pytest.importorskip("sklearn.datasets").load_digits().data).astype("int16")

@pytest.fixture
def classes():
    return pytest.importorskip("sklearn.datasets").load_digits().target

@pytest.fixture
def forest(samples):
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestClassifier
    return RandomForestClassifier(10, max_leaf_nodes=50, random_state=1).fit(samples, load_digits().target)
"""

#: The model that the example of plain C includes.
MODEL = """
static const short features[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static int model_predict(const short *values, int count) {
    int sum = 0;
    while (count--) {
        sum += values[count];
    }
    return sum / 12;
}
"""


def as_test(example: Example) -> str:
    """Return an example in Python as a file of tests."""
    if "def test_" in example.text:
        return "import pytest\n" + example.text
    if example.key in IN_A_TEST:
        lines = textwrap.dedent(IN_A_TEST[example.key]) + example.text
        return "import numpy as np\ndef test_it(board, golden):\n" + textwrap.indent(lines, "    ")
    source = "from array import array\n" + textwrap.dedent(IN_THE_GUEST[example.key]) + example.text
    loaded = re.findall(r"^(?:import|from) (\w+)", textwrap.dedent(IN_THE_GUEST[example.key]), re.MULTILINE)
    return f"def test_it(board, natmod):\n    for name in {loaded}:\n        natmod(name)\n    board.exec({source!r})\n"
