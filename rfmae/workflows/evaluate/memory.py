"""A process that opens a predictor and classifies once, so that its memory can be measured."""

import sys
from pathlib import Path

from rfmae.datasets.store import open_dataset
from rfmae.evaluation.memory import peak_mib_of, say_own_peak
from rfmae.evaluation.predictor import Origin
from rfmae.workflows.evaluate.predictors import open_predictor


def process_peak_mib(origin: Origin, examples: int) -> float | None:
    """The peak resident memory of a fresh process in MiB; None where it cannot be measured.

    The process opens the data set and the predictor and classifies so many validation examples
    at once. Python and its libraries are included.
    """
    words = (origin.dataset.absolute(), origin.model, origin.device, examples)
    return peak_mib_of(__name__, *words)


def _answer_once(folder: str, model: str, device: str, examples: str) -> None:
    dataset = open_dataset(folder)
    predictor = open_predictor(dataset, Path(model), device)
    predictor.answer(dataset.read_views("validation", predictor.views, slice(int(examples))))
    say_own_peak()


if __name__ == "__main__":
    _answer_once(*sys.argv[1:])
