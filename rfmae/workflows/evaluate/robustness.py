"""Robustness: every predictor under one impairment at a time, stronger than in training."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rfmae.datasets.robustness_examples import chosen_grids, robustness_examples
from rfmae.datasets.store import Dataset
from rfmae.evaluation.classification import EvaluationBatch
from rfmae.evaluation.predictor import Predictor, of_labels
from rfmae.evaluation.robustness import measured_grid, unable_predictors
from rfmae.progress import Progress
from rfmae.records import RobustnessGrid

PER_POINT = 10
"""Examples of each class and SNR point for every value of a grid."""


def measure_robustness(
    dataset: Dataset,
    predictors: Mapping[str, Predictor],
    names: Sequence[str],
    per_point: int,
    progress: Progress,
) -> tuple[RobustnessGrid, ...]:
    """Accuracy of each predictor over the grids of these names, or over `all`.

    Impairments of the link are synthesised from the data set's recipe, at addresses of its test
    split, with the same bits and noise for every value and every predictor, at eleven points of
    its SNR grid at most. Gain and number of symbols are changed on the first stored test examples
    of each class and point. A predictor that cannot be evaluated at some value, such as a network
    of fixed length with fewer symbols, is left out of that grid with a note. Examples are of the
    classes that all predictors know; where there are none, nothing is measured, with a note.
    """
    common = common_classes(dataset, predictors.values())
    if not common:
        progress.note("robustness is not measured: no class is known to all models")
        return ()
    return tuple(
        _measured(dataset, name, predictors, common, per_point, progress)
        for name in chosen_grids(dataset, names)
    )


def common_classes(dataset: Dataset, predictors: Iterable[Predictor]) -> tuple[str, ...]:
    """The classes of a data set that all predictors know."""
    matches = [item.match for item in predictors if item.match is not None]
    return tuple(name for name in dataset.classes if all(name in one.common for one in matches))


def _measured(
    dataset: Dataset,
    name: str,
    predictors: Mapping[str, Predictor],
    classes: Sequence[str],
    per_point: int,
    progress: Progress,
) -> RobustnessGrid:
    grid, values, whole = robustness_examples(dataset, name, per_point)
    labels = [dataset.classes.index(one) for one in classes]

    def batches(value: float) -> Iterator[EvaluationBatch]:
        return of_labels(whole(value), labels)

    left_out = unable_predictors(predictors, batches(values[-1]))
    for model, why in left_out.items():
        progress.note(f"{model} is left out of the grid {name}: {why}")
    with progress.stage(f"robustness, {name}", len(values), "values") as stage:
        return measured_grid(
            grid.what, grid.unit, values, batches, predictors, left_out, stage.advance
        )
