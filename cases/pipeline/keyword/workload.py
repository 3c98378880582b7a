"""Words in a stream of sound: log-mel frames, a small convolutional network at each hop, votes over three hops.

16 kHz in 16 bits, 256 samples a frame, 20 bands of ``melspec``'s front end, quantised to 8 bits; a network on the last
16 frames (8 filters over three frames, ReLU, the greater of each two places, a dense layer for four classes: 704
weights, 6944 products) every four frames, which is 64 ms; a word is told when two of three windows are for it. Words
are made up (``speech.py``), the network is trained by ``train.py`` to the same bits everywhere (``model.txt``).

- ``windows``: the network alone. ``python``, ``@native``: bytecode, and decorated; ``viper``: pointers; ``native``: C
- ``hop``: one hop of the pipeline, four frames of sound in and a decision out. ``python``: the front end and the
  network in bytecode; ``@native``: their steps decorated, the transform is the twin of natmods/fft; ``native``: in C
- ``stream``: 1.6 s with three words, 25 hops. ``python``: 565 million instructions on m33, more on smaller cores, so
  it is the longest case there is; decorated it would be a tenth less, as in ``hop``. ``native``: six million

Put together by ``listener.py`` and ``votes.py`` in all forms.
"""

from __future__ import annotations

import runpy
from collections.abc import Iterator

import numpy as np

from cases.allocated import allocations
from cases.pipeline.keyword import speech, vectors
from cases.signals import Array
from cases.transforms.melspec import workload as melspec
from mpy_harness.board.objects import GuestObject
from mpy_harness.workloads import Case, Check, Guest, Workload
from mpy_harness.workloads.forms import forms_in

HOP = 4 * speech.FRAME
NEW = 4 * vectors.BANDS  # features of a hop
#: Bytes of heap: frames in bytecode are floats, each an object.
RAM = {"python": 60 << 10, "@native": 60 << 10}


class Keyword(Workload):
    """The network in every form, and the pipeline."""

    decorated = ("quantise", "classify", "convolve")
    words_of_32 = ("viper",)

    def cases(self) -> Iterator[Case]:
        """Return the network alone, one hop, and the stream."""
        yield Case("windows", self.classified)
        yield Case("hop", self.one_hop, forms=["python", "@native", "native"], ram=RAM)
        yield Case("stream", self.heard, forms=["python", "native"], ram=RAM)

    def classified(self, guest: Guest) -> Iterator[Check]:
        """Classify windows of features: what comes out must be what the same integers give on the host."""
        words, module = self.vectors("words"), guest.load()
        weights, biases = (guest.board.hold(words[name]) for name in ("weights", "biases"))
        (shift,) = words["shape"].tolist()
        windows, scores = words["windows"], words["scores"]
        out = ("i", scores.shape[1])
        got = [guest.guarded.call(module, "classify", x, weights, biases, shift, ..., out=out) for x in windows]
        yield Check(np.array(got), scores, "exact", 0, per=len(windows))
        room = np.zeros(scores.shape[1], np.int32)
        allocations(guest, module, "classify", windows[0], words["weights"], words["biases"], shift, room)

    def one_hop(self, guest: Guest) -> Iterator[Check]:
        """Hear the middle of the first word."""
        x = self.vectors("words")["stream"][6 * HOP : 7 * HOP]
        yield from self.checked(self.listened(guest, x), x)

    def heard(self, guest: Guest) -> Iterator[Check]:
        """Hear the whole stream, hop by hop."""
        x = self.vectors("words")["stream"]
        x = x[: len(x) // HOP * HOP]
        got = self.listened(guest, x)
        yield from self.checked(got, x)
        told = [speech.WORDS[number] for number in got[:, -1] if number]
        yield Check(float(told == list(vectors.STREAM)), 1, "max_abs", 0, name="words", per=x.size)

    def listened(self, guest: Guest, x: Array) -> Array:
        """Return of each hop its features, the class of the window that it ends, and the word that is told."""
        listener = self.listener(guest)
        return np.array(
            [guest.guarded.call(listener, "hear", part, ..., out=("b", NEW + 2)) for part in x.reshape(-1, HOP)]
        )

    def checked(self, got: Array, x: Array) -> Iterator[Check]:
        """Check features, and what follows from them.

        Features are the logarithms in float64, rounded: half a step off, and by what float32 is. Then the network and
        the votes on the host are given the guest's features: all that is integers is held to the bit.
        """
        _, factor = vectors.SCALE
        made = melspec.tables()
        logs, off = zip(*(melspec.reference(frame, made)[0] for frame in x.reshape(-1, speech.FRAME)), strict=True)
        steps = np.clip((np.ravel(logs) - vectors.SCALE[0]) * factor, -128, 127)
        limits = 0.5 + factor * np.ravel(off)
        features = got[:, :-2].astype(np.int64)
        yield Check(features.ravel() / limits, steps / limits, "max_abs", 1, name="features", per=x.size, given=x)
        yield Check(got[:, -2:], followed(features.reshape(-1, vectors.BANDS)), "exact", 0, name="told", per=x.size)

    def listener(self, guest: Guest) -> GuestObject:
        """Return the pipeline in the guest."""
        board, form, made = guest.board, guest.form.name, melspec.tables()
        place = melspec.Melspec.folder()
        front_steps: GuestObject
        if form == "native":
            front_steps = guest.natmod(place / "natmod")
        else:
            forms = forms_in(place, decorated=melspec.Melspec.decorated)
            board.files.put(forms[form].source(), "/forms/front_steps.py")
            front_steps = board.import_module("front_steps", "/forms/front_steps.py")
        steps, fft = guest.load(), guest.natmod("fft", form="native" if form == "native" else "python")
        for file in (place / "front_end.py", self.folder() / "votes.py", self.folder() / "listener.py"):
            board.files.put(file, f"/lib/{file.name}")
        board.exec("import sys\nif '/lib' not in sys.path:\n sys.path.append('/lib')")
        window, bins, weights, least, _ = made.of_guest()
        no_coefficients = np.zeros(0, np.float32)
        front_end = board.import_module("front_end", "/lib/front_end.py").FrontEnd(
            front_steps, fft.new(melspec.N), window, bins, weights, least, no_coefficients
        )
        words = self.vectors("words")
        listener = board.import_module("listener", "/lib/listener.py").Listener(
            front_end, steps, vectors.BANDS, speech.FRAME, np.array(vectors.SCALE, np.float32),
            words["weights"], words["biases"], *words["shape"].tolist(), len(speech.WORDS),
        )  # fmt: skip
        assert isinstance(listener, GuestObject)
        return listener


def followed(features: Array) -> Array:
    """Return of each hop the class and the word that is told, (hops, 2), by the host from features (frames, 20)."""
    _, shift, first, second = vectors.read_model()
    votes = runpy.run_path(str(Keyword.folder() / "votes.py"))["Votes"]()
    padded = np.r_[np.zeros((12, vectors.BANDS), np.int64), features]
    windows = np.stack([padded[at : at + speech.FRAMES] for at in range(0, len(features), 4)])
    classes = vectors.outputs(windows, first, second, shift).argmax(axis=1).tolist()
    return np.array([(number, votes.add(number)) for number in classes], np.int8)
