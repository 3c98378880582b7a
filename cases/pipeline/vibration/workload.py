"""How far a machine's vibration is from a healthy one's: envelope spectrum, four features, a score of anomaly.

512 samples of 16 bits at 8192 Hz that are made up (``machine.py``): healthy, a worn bearing, a rotor out of
balance. A worn bearing gives blows that ring far above their own frequency, so one looks at the envelope of the band
that rings: transformed, the band's bins alone transformed back, squared, transformed again (Randall and Antoni, as
cited there). Features are logarithms: of the mean square, of the mean squared envelope, and of the shares that the
frequency of blows and its second harmonic have of the envelope's spectrum. The score is the sum of the squares of
their distances from a healthy machine's, in deviations (``train.py``, ``model.txt``).

The bounds of what float32 may be off are far above what it is: on m33 at most 0.08 % of the envelope's, 2 % of the
features' and the score's. Results are held to 0.5 and 10 % of them; ``test_vibration.py`` has mistakes that this finds.

- ``python``: bytecode, with the twin of natmods/fft; ``@native``: its own steps decorated
- ``native``: the steps in C (``natmod/``) with natmods/fft

Put together, with the logarithms and the score, by the few lines of ``monitor.py`` in all forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy.stats import chi2

from cases.allocated import allocations
from cases.pipeline.vibration import reference
from cases.pipeline.vibration.machine import STATES, N
from mpy_harness.board.objects import GuestObject
from mpy_harness.workloads import Case, Check, Guest, Workload

BAND, BINS = reference.BAND, reference.BINS
FEATURES = 2 + len(BINS)
#: How much of its bound the envelope's spectrum may be off, and how much of theirs the features.
ENVELOPE_SHARE, FEATURES_SHARE = 0.005, 0.1
#: Above this is one healthy window in a thousand, if features are normal.
ALARM = float(chi2.ppf(0.999, FEATURES))


class Vibration(Workload):
    """The monitor in every form."""

    decorated = ("centred", "squared_envelope", "powers")

    def cases(self) -> Iterator[Case]:
        """Return the first half, and the whole in all states."""
        yield Case("envelope", self.enveloped)
        for state in STATES:
            yield Case(state, partial(self.scored, state))

    def enveloped(self, guest: Guest) -> Iterator[Check]:
        """Compute the envelope's spectrum, in units of what it may be off."""
        vectors = self.vectors("worn")
        got = guest.guarded.call(self.monitor(guest), "envelope_spectrum", vectors["in"], ..., out=("f", BAND + 2))
        off = ENVELOPE_SHARE * reference.analysed(vectors["in"]).spectrum_off
        yield Check(got / off, vectors["spectrum"] / off, "max_abs", 1, per=N, given=vectors["in"])

    def scored(self, state: str, guest: Guest) -> Iterator[Check]:
        """Compute features and score, and tell whether it is an anomaly."""
        vectors, model = self.vectors(state), self.vectors("model")["model"]
        x, expected = vectors["in"], vectors["features"]
        monitor = self.monitor(guest)
        got = guest.guarded.call(monitor, "run", x, ..., out=("f", FEATURES + 1))
        analysis = reference.analysed(x)
        off = FEATURES_SHARE * np.r_[analysis.features_off, reference.score_off(analysis, model)]
        yield Check(got / off, expected / off, "max_abs", 1, per=N, given=x)
        yield Check(float(got[-1] > ALARM), float(state != "healthy"), "max_abs", 0, name="alarm", per=N)
        allocations(guest, monitor, "run", x, np.zeros(FEATURES + 1, np.float32))

    def monitor(self, guest: Guest) -> GuestObject:
        """Return the monitor in the guest."""
        model, steps = self.vectors("model"), guest.load()
        fft = guest.natmod("fft", form="native" if guest.form.name == "native" else "python")
        guest.board.files.put(self.folder() / "monitor.py", "/monitor.py")
        monitor = guest.board.import_module("monitor", "/monitor.py").Monitor
        plans, bins = (fft.new(N), fft.new(BAND)), np.array(BINS, np.int16)
        made = monitor(steps, *plans, N, reference.LOW, model["window"], bins, model["model"])
        assert isinstance(made, GuestObject)
        return made
