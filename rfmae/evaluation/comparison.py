"""Two classifiers on the same examples: is one of them better?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from rfmae.errors import ShapeError
from rfmae.records import Answers, BoolArray, Comparison, FloatArray, holm_adjusted

_RESAMPLES = 2_000
_INTERVAL = (0.025, 0.975)


def compare(
    first: Answers, second: Answers, names: tuple[str, str], rng: np.random.Generator
) -> Comparison:
    """McNemar's exact test and a paired bootstrap of the difference of two accuracies.

    Only examples that exactly one of them classifies correctly count (McNemar, Psychometrika 12,
    1947); if both were equally good, each of these would be equally likely either's. The bootstrap
    (Efron, Tibshirani 1993, ch. 13) draws examples with both answers together. Where the class
    lists differ, the examples are those of the classes that both know.
    """
    ours, theirs = _on_common_classes(first, second)
    _check_same_examples(ours, theirs, names)
    first_alone = int((ours.right & ~theirs.right).sum())
    second_alone = int((theirs.right & ~ours.right).sum())
    examples, differing = len(ours.right), first_alone + second_alone
    low, high = _bootstrap(first_alone, second_alone, examples, rng)
    return Comparison(
        first=names[0],
        second=names[1],
        examples=examples,
        first_alone=first_alone,
        second_alone=second_alone,
        difference=(first_alone - second_alone) / max(examples, 1),
        low=low,
        high=high,
        p_value=float(binomtest(first_alone, differing).pvalue) if differing else 1.0,
    )


def comparisons_of(answers: dict[str, Answers], seed: int = 0) -> tuple[Comparison, ...]:
    """The first of some models against each of the others; `seed` is that of the bootstrap.

    Those that know no class of the first are left out.
    """
    names = list(answers)
    return holm_adjusted(
        compare(
            answers[names[0]],
            answers[other],
            (names[0], other),
            np.random.default_rng([seed, place]),
        )
        for place, other in enumerate(names[1:])
        if len(_on_common_classes(answers[names[0]], answers[other])[0].right)
        or answers[names[0]].classes == answers[other].classes
    )


def compared_again(
    answers: dict[str, Answers], stored: tuple[Comparison, ...], seed: int
) -> tuple[Comparison, ...]:
    """The first model against every other on the same examples, then the stored comparisons.

    Their p-values are corrected together.
    """
    if not answers:
        return stored
    first = next(iter(answers.values()))
    alike = {
        name: item
        for name, item in answers.items()
        if _are_same_examples(*_on_common_classes(first, item))
    }
    made = comparisons_of(alike, seed)
    pairs = {frozenset((item.first, item.second)) for item in made}
    rest = (item for item in stored if frozenset((item.first, item.second)) not in pairs)
    return holm_adjusted((*made, *rest))


class _Rows(NamedTuple):
    """Examples by the names of their classes, and whether each was classified correctly."""

    true: npt.NDArray[np.str_]
    snr_db: FloatArray
    right: BoolArray


def _on_common_classes(first: Answers, second: Answers) -> tuple[_Rows, _Rows]:
    """The examples of the classes that both know."""
    common = [name for name in first.classes if name in second.classes]
    return _rows(first, common), _rows(second, common)


def _rows(answers: Answers, classes: Sequence[str]) -> _Rows:
    true = np.array(answers.classes)[answers.label]
    kept = np.isin(true, classes)
    return _Rows(true[kept], answers.snr_db[kept], answers.right[kept])


def _are_same_examples(first: _Rows, second: _Rows) -> bool:
    return np.array_equal(first.true, second.true) and np.array_equal(first.snr_db, second.snr_db)


def _bootstrap(
    first_alone: int, second_alone: int, examples: int, rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of the difference: resampled examples fall into three cells."""
    if not examples:
        return -1.0, 1.0
    shares = np.array([first_alone, second_alone, examples - first_alone - second_alone]) / examples
    drawn = rng.multinomial(examples, shares, size=_RESAMPLES)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / examples, _INTERVAL)
    return float(low), float(high)


def _check_same_examples(first: _Rows, second: _Rows, names: tuple[str, str]) -> None:
    if not _are_same_examples(first, second):
        raise ShapeError(
            f"{names[0]} and {names[1]} must have answered the same examples to be compared, "
            f"got {len(first.true)} and {len(second.true)} of other classes or SNR; "
            "evaluate both on the same data set"
        )
