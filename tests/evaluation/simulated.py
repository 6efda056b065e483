"""Answers of simulated classifiers, calibrated or not, and ceilings to hold them against."""

import numpy as np
from made_up import made_up_ceiling

from rfmae.records import Answers

CLASSES = ("BPSK", "2PAM", "QPSK", "16QAM")
SNR_DB = (-5.0, 0.0, 5.0)


def answers_of(probabilities, label, snr_db=None, classes=CLASSES, grid_db=SNR_DB):
    """Answers, by default at the first point of the grid."""
    label = np.asarray(label)
    snr_db = np.full(len(label), grid_db[0]) if snr_db is None else np.asarray(snr_db, float)
    return Answers(np.asarray(probabilities), label, snr_db, classes, grid_db, "symbol")


def calibrated(rng, examples, sharpness=2.0, classes=CLASSES):
    """Whoever says p is right in a share p of the cases, at all three SNR points in turn."""
    logits = sharpness * rng.normal(size=(examples, len(classes)))
    probabilities = softmax(logits)
    label = (rng.random(examples)[:, None] > probabilities.cumsum(axis=1)).sum(axis=1)
    snr_db = np.array(SNR_DB)[np.arange(examples) % len(SNR_DB)]
    return answers_of(probabilities, label.clip(max=len(classes) - 1), snr_db, classes)


def softmax(logits):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def ceiling_of(accuracy, kind="sequence", is_bound=True, snr_db=SNR_DB):
    """A ceiling that both its estimates put at `accuracy` (S,)."""
    groups = (("BPSK", "2PAM"), ("QPSK",), ("16QAM",))
    return made_up_ceiling(
        accuracy, classes=CLASSES, snr_db=snr_db, groups=groups, kind=kind, is_bound=is_bound
    )
