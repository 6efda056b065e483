"""Two classifiers on the same examples: is one of them better?"""

import numpy as np
from scipy.stats import binomtest

from rfmae.errors import ShapeError
from rfmae.records import Answers, Comparison, holm_adjusted

_RESAMPLES = 2_000
_INTERVAL = (0.025, 0.975)


def compare(
    first: Answers, second: Answers, names: tuple[str, str], rng: np.random.Generator
) -> Comparison:
    """McNemar's exact test and a paired bootstrap of the difference of two accuracies.

    Only examples that exactly one of them classifies correctly count (McNemar, Psychometrika 12,
    1947); if both were equally good, each of these would be equally likely either's. The bootstrap
    (Efron, Tibshirani 1993, ch. 13) draws examples with both answers together.
    """
    _check_same_examples(first, second, names)
    first_alone = int((first.right & ~second.right).sum())
    second_alone = int((second.right & ~first.right).sum())
    examples, differing = len(first), first_alone + second_alone
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
    """The first of some models against each of the others; `seed` is that of the bootstrap."""
    names = list(answers)
    return holm_adjusted(
        compare(
            answers[names[0]],
            answers[other],
            (names[0], other),
            np.random.default_rng([seed, place]),
        )
        for place, other in enumerate(names[1:])
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
    alike = {name: item for name, item in answers.items() if _same_examples(first, item)}
    made = comparisons_of(alike, seed)
    pairs = {frozenset((item.first, item.second)) for item in made}
    rest = (item for item in stored if frozenset((item.first, item.second)) not in pairs)
    return holm_adjusted((*made, *rest))


def _same_examples(first: Answers, second: Answers) -> bool:
    return np.array_equal(first.label, second.label) and np.array_equal(first.snr_db, second.snr_db)


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


def _check_same_examples(first: Answers, second: Answers, names: tuple[str, str]) -> None:
    same = (
        first.classes == second.classes
        and np.array_equal(first.label, second.label)
        and np.array_equal(first.snr_db, second.snr_db)
    )
    if not same:
        raise ShapeError(
            f"{names[0]} and {names[1]} must have answered the same examples to be compared, "
            f"got {len(first)} and {len(second)} of other classes, labels or SNR; "
            "evaluate both on the same data set"
        )
