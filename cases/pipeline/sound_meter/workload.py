"""A sound level meter as it is built: A-weighted levels in dB with the time weightings fast and slow.

16 kHz in 16 bits, chunks of 125 ms: to float, A-weighting (three biquads, the design of ``cases/filters/iir``), the
mean square, exponential averages over 125 ms and 1 s, logarithms. A mean square of 1 is 120 dB. The few lines of
``meter.py`` in all forms, whose mean square has no module.

- ``python``: conversion and filter are the modules' Python twins
- ``native``: they are natmods/arrayutils and natmods/iir
- ``@native``: the same, and the mean square decorated

``tone``, ``pink``, ``sweep`` and ``ended`` are a second of sound each; ``conversion``, ``weighting`` and ``level`` are
the steps of one chunk; ``response`` is the weighting's gain at the nominal frequencies of IEC 61672-1.

The bilinear transform has its zeros at half of the rate, where the weighting has none: at 16 kHz the gain is within the
limits of class 2 up to 5 kHz (1.5 dB too low, 3.5 dB are allowed), and not at 6.3 kHz (5.8 dB, 4.5 dB are) nor at 8 kHz
(60 dB, 5 dB are). A meter of class 2 samples at a higher rate, or makes up for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Literal

import numpy as np
from scipy import signal

from cases.allocated import allocations
from cases.filters.iir import vectors as iir
from cases.pipeline.sound_meter import iec61672
from cases.pipeline.sound_meter.vectors import CALIBRATED, CHUNK, FULL_SCALE, RATE
from cases.signals import Array
from mpy_harness.board.objects import GuestObject
from mpy_harness.workloads import Case, Check, Form, Guest, Workload

SIGNALS = ("tone", "pink", "sweep", "ended")
UNIT = 2.0**-24
#: The filter keeps 90 dB (cases/filters/iir), and a sum of squares rounds once for each.
LIMIT_DB = float(10 * np.log10(1 + 2 * 10**-4.5 + (CHUNK + 2) * UNIT))
#: Nominal frequencies up to this keep the limits of class 2.
GOOD_TO = 5000


class SoundMeter(Workload):
    """The meter in every form."""

    def forms(self) -> Mapping[str, Form]:
        """Return how the mean square is compiled; the form of the modules goes with it."""
        file = self.folder() / "meter.py"
        return {
            "python": Form("python", file=file),
            "native": Form("native", file=file),
            "@native": Form("@native", file=file, decorated=("mean_square",)),
        }

    def cases(self) -> Iterator[Case]:
        """Return signals, the steps of one chunk, and the gain."""
        for name in SIGNALS:
            # In bytecode a second of sound is 160 million instructions: two signals show what four would.
            forms = list(self.forms()) if name in {"tone", "pink"} else ["native", "@native"]
            yield Case(name, partial(self.measured, name), forms=forms)
        yield Case("conversion", self.converted, forms=["python", "native"])
        yield Case("weighting", self.weighted, forms=["python", "native"])
        yield Case("level", self.averaged, forms=["native", "@native"])
        yield Case("response", self.responded, forms=["python", "native"])

    def measured(self, name: str, guest: Guest) -> Iterator[Check]:
        """Measure the levels after each chunk."""
        vectors = self.vectors(name)
        meter = self.meter(guest)
        chunks = vectors["in"].reshape(-1, CHUNK)
        got = np.array([guest.guarded.call(meter, "measure", pcm, ..., out=("f", 2)) for pcm in chunks])
        yield Check(got, vectors["levels"], "max_abs", LIMIT_DB, per=vectors["in"].size, given=vectors["in"])
        if name == "tone":
            # What a calibrator is for; slow has come to 1 - 1/e of the power after its time.
            told = np.array([CALIBRATED, CALIBRATED + 10 * np.log10(1 - np.exp(-1))])
            yield Check(got[-1], told, "max_abs", 0.05, name="calibrated", per=vectors["in"].size)
        allocations(guest, meter, "measure", chunks[0], np.zeros(2, np.float32))

    def converted(self, guest: Guest) -> Iterator[Check]:
        """Convert a chunk to float32: exact."""
        pcm, samples = self.vectors("pink")["in"][:CHUNK], self.vectors("steps")["samples"]
        got = guest.guarded.call(self.meter(guest), "convert", pcm, ..., out=("f", CHUNK))
        yield Check(got, samples, "exact", 0, per=CHUNK)

    def weighted(self, guest: Guest) -> Iterator[Check]:
        """Filter a chunk in place."""
        steps, has_model = self.vectors("steps"), guest.rounds_to_float32
        x = steps["samples"]
        y = guest.guarded.run(self.meter(guest), "weight", x, [CHUNK], in_place=True)
        yield Check(y, steps["weighted"], "snr", 90, given=x)
        if has_model:
            yield Check(y, steps["weighted_f32"], "exact", 0, name="f32")

    def averaged(self, guest: Guest) -> Iterator[Check]:
        """Compute the levels of a chunk that is weighted."""
        x, expected = self.vectors("steps")["weighted_f32"], self.vectors("pink")["levels"][0]
        got = guest.guarded.call(self.meter(guest), "level", x, ..., out=("f", 2))
        yield Check(got, expected, "max_abs", LIMIT_DB, per=CHUNK, given=x)

    def responded(self, guest: Guest) -> Iterator[Check]:
        """Filter an impulse, and look at the gain at the nominal frequencies."""
        impulse = np.zeros(CHUNK, np.float32)
        impulse[0] = 1
        y = guest.guarded.run(self.meter(guest), "weight", impulse, [CHUNK], in_place=True)
        gain = gain_db(y)
        good = np.array(list(iec61672.CLASS_2)) <= GOOD_TO
        shares = iec61672.shares_of_class_2(gain)
        yield Check(shares[good], np.zeros(good.sum()), "max_abs", 1, name="class_2", per=CHUNK)
        # Above, it is what the design has, and no more than that.
        yield Check(gain, designed_db(), "max_abs", 0.1, name="design", per=CHUNK)

    def meter(self, guest: Guest) -> GuestObject:
        """Return the meter in the guest."""
        form: Literal["python", "native"] = "python" if guest.form.name == "python" else "native"
        arrayutils, iir_module = guest.natmod("arrayutils", form=form), guest.natmod("iir", form=form)
        weighting = iir_module.new(self.vectors("filter")["sos"])
        made = guest.load().Meter(arrayutils, weighting, CHUNK, RATE, FULL_SCALE)
        assert isinstance(made, GuestObject)
        return made


def gain_db(response: Array) -> Array:
    """Return the gain in dB at the nominal frequencies' exact ones, of an impulse response (n,)."""
    turns = np.exp(-2j * np.pi * np.outer(iec61672.frequencies() / RATE, np.arange(response.size)))
    return np.asarray(20 * np.log10(np.abs(turns @ response.astype(np.float64))))


def designed_db() -> Array:
    """Return the same gain of the design in float64."""
    _, gain = signal.sosfreqz(iir.a_weighting_spread(RATE), iec61672.frequencies(), fs=RATE)
    return np.asarray(20 * np.log10(np.abs(gain)))
