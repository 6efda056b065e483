"""Linear modulations in noise under any carrier phase, and every baseline fitted to them."""

import numpy as np

from rfmae.baselines.trained import LabelledExamples, fit_baseline, inputs_of
from rfmae.signal.modulations import MODULATIONS

CLASSES = ("OOK", "BPSK", "QPSK", "16QAM")
SYMBOLS = 256


def labelled(rng, each, *, classes=CLASSES, view="symbols", noise=0.2):
    """So many examples of each class, mixed, at a noise of `noise` rms a rail and 10 dB by name."""
    label = rng.permutation(np.repeat(np.arange(len(classes)), each))
    points = [np.asarray(MODULATIONS[name].alphabet) for name in classes]
    symbols = np.stack([rng.choice(points[value], SYMBOLS) for value in label])
    turned = symbols * np.exp(2j * np.pi * rng.random((len(label), 1)))
    rails = rng.standard_normal((2, *symbols.shape)) * noise
    iq = (turned + rails[0] + 1j * rails[1]).astype(np.complex64)
    return LabelledExamples({view: iq}, label, np.full(len(label), 10.0))


def fitted(name, rng, each=40, *, scale=None, **how):
    """A baseline of a name on examples of its own."""
    inputs = inputs_of(name, ("symbols",), scale)
    train, validation = labelled(rng, each), labelled(rng, 15)
    return fit_baseline(name, train, validation, CLASSES, inputs=inputs, **how)


def accuracy(baseline, given):
    return np.mean(baseline(given.views).argmax(axis=1) == given.label)
