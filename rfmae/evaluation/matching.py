"""Answers of a model whose class list is not that of the data set."""

import numpy as np

from rfmae.errors import DatasetError
from rfmae.evaluation.unknowns import open_set, passing_threshold
from rfmae.records import (
    Answers,
    BoolArray,
    ClassMatch,
    Confusion,
    FloatArray,
    IntArray,
    Share,
    UnknownClass,
)


def in_data_order(
    probabilities: FloatArray, match: ClassMatch, *, renormalised: bool = False
) -> FloatArray:
    """Probabilities (N, M) of a model's classes as (N, C) of the columns of a match.

    Each stays what the model says: a class of the data set that it does not know has the
    probability 0, and what it gives to classes that the data set lacks counts. `renormalised`
    takes those away and divides by what is left; where nothing is left, all common classes are
    equally likely.
    """
    found = np.zeros((len(probabilities), len(match.columns)), probabilities.dtype)
    for column, own in enumerate(match.columns):
        if own is not None:
            found[:, column] = probabilities[:, own]
    return _limited(found, match) if renormalised else found


def _limited(found: FloatArray, match: ClassMatch) -> FloatArray:
    """The columns of the data set alone, normalised."""
    common = np.isin(match.data, match.common)
    kept: FloatArray = found[:, : len(match.data)]
    total = kept.sum(axis=1, keepdims=True)
    limited: FloatArray = np.where(total > 0, kept / np.where(total > 0, total, 1), common)
    return (limited / limited.sum(axis=1, keepdims=True)).astype(found.dtype)


def of_known_classes(answers: Answers, match: ClassMatch) -> Answers:
    """The answers to examples of common classes, without the columns of unknown ones.

    Raises `DatasetError` where there is no such example.
    """
    kept = np.flatnonzero(~np.isin(answers.classes, match.unknown))
    rows = np.isin(answers.label, kept)
    if not rows.any():
        raise DatasetError(
            f"the test split must hold examples of {', '.join(match.common)}, got none; make or "
            "import more of them"
        )
    number = np.zeros(len(answers.classes), np.int64)
    number[kept] = np.arange(len(kept))
    return Answers(
        answers.probabilities[np.ix_(rows, kept)],
        number[answers.label[rows]],
        answers.snr_db[rows],
        tuple(answers.classes[column] for column in kept),
        answers.grid_db,
        answers.snr_reference,
    )


def unknown_classes(answers: Answers, match: ClassMatch) -> tuple[UnknownClass, ...]:
    """What a model makes of each class that it never learnt and that has examples.

    Confidence is the largest class probability, calibrated as the model is. Accepted is what is at
    least as confident as 95 % of the known examples (Hendrycks, Gimpel, ICLR 2017).
    """
    if not match.unknown:
        return ()
    known = of_known_classes(answers, match)
    rows = {name: answers.label == answers.classes.index(name) for name in match.unknown}
    return tuple(
        _unknown_class(answers, which, known.confidence, name)
        for name, which in rows.items()
        if which.any()
    )


def _unknown_class(
    answers: Answers, rows: BoolArray, known_confidence: FloatArray, name: str
) -> UnknownClass:
    confidence = answers.confidence[rows].astype(np.float32)
    threshold = passing_threshold(known_confidence.astype(np.float32))
    return UnknownClass(
        open_set=open_set(known_confidence, confidence, name),
        threshold=threshold,
        accepted=Share.of(int((confidence >= threshold).sum()), len(confidence)),
        named=_named(answers.named[rows], answers.classes, name),
    )


def _named(named: IntArray, classes: tuple[str, ...], name: str) -> tuple[Confusion, ...]:
    """What the examples of a class were named, the most frequent first."""
    counts = np.bincount(named, minlength=len(classes))
    order = [int(place) for place in np.argsort(-counts, kind="stable") if counts[place]]
    return tuple(
        Confusion(name, classes[place], Share.of(int(counts[place]), len(named))) for place in order
    )
