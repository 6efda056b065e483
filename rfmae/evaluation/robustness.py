"""Robustness: accuracy over the values of an impairment, and where it falls."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from rfmae.errors import RfmaeError
from rfmae.evaluation.classification import EvaluationBatch
from rfmae.evaluation.predictor import Predictor, examples_of, hits_of
from rfmae.records import IntArray, RobustnessGrid

_DROP = 0.05  # loss of accuracy that is reported

EvaluationBatches = Callable[[float], Iterator[EvaluationBatch]]
"""The test batches of a value, in every view of the data set."""


def unable_predictors(
    predictors: Mapping[str, Predictor], batches: Iterator[EvaluationBatch]
) -> dict[str, str]:
    """The predictors that fail on one example, with the reason."""
    one = examples_of(next(batches), slice(1))
    found = {}
    for model, predictor in predictors.items():
        try:
            hits_of(predictor, one)
        except RfmaeError as error:
            found[model] = str(error)
    return found


def measured_grid(
    what: str,
    unit: str,
    values: tuple[float, ...],
    batches: EvaluationBatches,
    predictors: Mapping[str, Predictor],
    left_out: Mapping[str, str],
    advance: Callable[[int], None] = lambda _: None,
) -> RobustnessGrid:
    """Hits at every value of a grid by all predictors but those that are left out."""
    able = {model: predictors[model] for model in predictors if model not in left_out}
    examples = np.zeros(len(values), np.int64)
    hits: dict[str, IntArray] = {model: np.zeros(len(values), np.int64) for model in able}
    for place, value in enumerate(values):
        for observed in batches(value):
            examples[place] += len(next(iter(observed.values())))
            for model, predictor in able.items():
                hits[model][place] += hits_of(predictor, observed)
        advance(1)
    drops = {model: drop_at(values, found, examples) for model, found in hits.items()}
    return RobustnessGrid(what, unit, values, hits, examples, drops, dict(left_out))


def drop_at(values: Sequence[float], hits: IntArray, examples: IntArray) -> float | None:
    """The first value at which accuracy is five points below that of the first."""
    accuracy = hits / np.maximum(examples, 1)
    fallen = np.flatnonzero(accuracy <= accuracy[0] - _DROP + 1e-9)
    return values[fallen[0]] if len(fallen) else None
