"""A sensor in Renode: a microphone plays a WAV file to the guest, which filters it as it comes.

The guest runs at the target's clock and the microphone at the file's rate, both in the guest's time: a guest that is
too slow loses samples, on every run the same ones.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import butter, sosfilt

from mpy_harness.board.board import Board
from mpy_harness.board.objects import GuestObject
from mpy_harness.golden import Golden
from mpy_harness.targets import Target

HERE = Path(__file__).parent
ADDRESS = 0x5040_0000  # nothing else is there, on either chip
DEPTH = 32
RATE = 8000
BLOCK = 64
BLOCKS = 16

DESCRIPTION = """
microphone: Python.PythonPeripheral @ sysbus {address:#x}
    size: 0x10
    initable: true
    filename: "{script}"
"""


# Returns the filtered samples and whether some were lost; pauses between blocks, in milliseconds.
PROGRAM = f"""
import sys, time
sys.path.append("/lib")
from recorder import Recorder
def record(sos, blocks, pause):
    recorder = Recorder({ADDRESS}, sos)
    heard = recorder.record(blocks, lambda: time.sleep_ms(pause))
    return heard, recorder.lost
"""


@pytest.fixture
def sound() -> np.ndarray:
    """What is played, int16: a tone of 440 Hz in the rumble that the filter takes away, and noise."""
    t = np.arange(BLOCK * BLOCKS) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.4 * np.sin(2 * np.pi * 20 * t)
    noise = 0.01 * np.random.default_rng(1).standard_normal(t.size)
    return np.round(32767 * (tone + noise)).astype(np.int16)


@pytest.fixture
def microphone(target: Target, board: Board, sound: np.ndarray, tmp_path: Path) -> Iterator[None]:
    """Attach the microphone to the board's machine while the test runs."""
    if target.emulator != "renode":
        pytest.skip(f"the microphone is a peripheral for Renode, {target.name} runs in {target.emulator}")
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.astype("<i2").tobytes())
    script = tmp_path / "microphone.py"
    settings = f"WAV = {str(tmp_path / 'sound.wav')!r}\nDEPTH = {DEPTH}\n"
    script.write_text(settings + (HERE / "microphone.py").read_text(encoding="utf-8"), encoding="utf-8")
    description = tmp_path / "microphone.repl"
    description.write_text(DESCRIPTION.format(address=ADDRESS, script=script), encoding="utf-8")
    board.machine.execute(f"machine LoadPlatformDescription @{description}")
    yield
    board.machine.execute("sysbus Unregister sysbus.microphone")


@pytest.fixture
def recorder(
    microphone: None, board: Board, natmod: Callable[..., GuestObject], sos: np.ndarray
) -> Callable[..., tuple[np.ndarray, bool]]:
    """Record what is played; returns what the guest heard, filtered, and whether it lost some."""
    for name in ("arrayutils", "iir"):
        natmod(name)
    board.files.put(HERE / "recorder.py", "/lib/recorder.py")
    board.exec(PROGRAM)
    return lambda blocks=BLOCKS, pause=0: board.call("record", sos.astype(np.float32).ravel(), blocks, pause)


@pytest.fixture
def sos() -> np.ndarray:
    """A highpass at 100 Hz, second-order sections."""
    return np.asarray(butter(2, 100, "highpass", fs=RATE, output="sos"))


def test_what_the_microphone_plays_is_filtered_in_time(
    recorder: Callable[..., tuple[np.ndarray, bool]], board: Board, golden: Golden, sound: np.ndarray, sos: np.ndarray
) -> None:
    with board.count("record"):
        heard, has_lost = recorder()
    assert not has_lost
    reference = sosfilt(sos, sound / 32768)
    golden.check(heard, reference, case="microphone/highpass_100hz", metric="snr", limit=90, form="native")


def test_a_guest_that_is_too_slow_loses_samples(
    recorder: Callable[..., tuple[np.ndarray, bool]], target: Target, sound: np.ndarray, sos: np.ndarray
) -> None:
    # A pause may take as long as the FIFO has room: 32 samples take 4 ms.
    heard, has_lost = recorder(blocks=4, pause=3)
    assert not has_lost
    in_time = sosfilt(sos, sound / 32768)[: 4 * BLOCK]
    assert np.abs(heard - in_time).max() < 1e-5
    late, has_lost = recorder(blocks=4, pause=8)
    assert has_lost
    assert np.array_equal(late[:BLOCK], heard[:BLOCK])
    assert np.abs(late[BLOCK:] - in_time[BLOCK:]).max() > 0.01
    if (target.firmware_of or target).is_built:  # MicroPython's own ports sleep until their clock's next tick
        assert np.array_equal(recorder(blocks=4, pause=8)[0], late)  # it loses the same ones again
