"""Out-of-distribution signals: the confidence of a classifier on signals of no class."""

from rfmae.datasets.store import Dataset
from rfmae.datasets.unknown_signals import unknown_examples, unknown_kinds
from rfmae.evaluation.predictor import Predictor, confidences_of
from rfmae.evaluation.unknowns import open_set
from rfmae.progress import Progress
from rfmae.records import Answers, OpenSet

PER_POINT = 20
"""Unknown examples of each kind at every SNR point."""


def measure_open_sets(
    dataset: Dataset,
    predictor: Predictor,
    known: Answers,
    progress: Progress,
    *,
    per_point: int = PER_POINT,
    seed: int = 0,
) -> tuple[OpenSet, ...]:
    """Detection of noise alone and of held-out modulations by their low confidence.

    Confidence is the largest class probability. Held out are five modulations that send other
    signals than every class of the data set and of the predictor, over the link and at the SNR grid
    of the recipe. For imported or published signals there is noise alone, white and of unit power,
    drawn with `seed`; where amplitudes are absolute, the result depends on that power.
    """
    beside = predictor.match.absent if predictor.match is not None else ()
    kinds, found = unknown_kinds(dataset, beside), []
    total = len(kinds) * len(dataset.snr_db) * per_point
    with progress.stage("open set", total, "examples") as stage:
        for name, recipe in kinds.items():
            unknown = unknown_examples(dataset, name, recipe, predictor.views, per_point, seed)
            confidence = confidences_of(predictor, unknown, stage.advance)
            found.append(open_set(known.confidence, confidence, name))
    return tuple(found)
