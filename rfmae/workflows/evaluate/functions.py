"""User functions `package.module:function` as predictors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, DatasetError
from rfmae.evaluation.classification import EvaluationBatch, Predict, check_probabilities
from rfmae.records import FloatArray, View
from rfmae.user_code import first_words, imported, is_code_name

Function = Callable[..., Any]
"""I/Q (N, T) complex64 to probabilities (N, M) in the order of a data set's classes.

Its attribute `views` names the view that it gets, or several, as a mapping; without it, it gets the
first of the data set. With `wants_snr = True` it also gets the SNR (N,) in dB of each example. An
attribute `classes` names the columns of its answers where they are not those of the data set.
"""


def is_function(path: Path) -> bool:
    """Whether a model's name is that of a function; a folder of that name takes precedence."""
    return is_code_name(str(path)) and not path.exists()


def load_function(name: str) -> Function:
    """The callable `package.module:function`, searched as by `python -m`."""
    found = imported(name)
    if not callable(found):
        raise CheckpointError(f"{name} must be a function, got {type(found).__name__}")
    return found


def views_of(function: Function, dataset: Dataset, name: str) -> tuple[View, ...]:
    """The views that a function needs; the data set must hold them."""
    wanted = getattr(function, "views", dataset.views[0])
    views = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    for view in views:
        if view not in get_args(View):
            raise CheckpointError(
                f"views of {name} must be {' or '.join(get_args(View))}, got {view!r}"
            )
        if view not in dataset.views:
            raise DatasetError(
                f"{name} needs the {view}, but data set {dataset.name} holds the "
                f"{' and '.join(dataset.views)} alone"
            )
    if not views:
        raise CheckpointError(f"views of {name} must name at least one, got none")
    return views


def classes_of(function: Function, dataset: Dataset, name: str) -> tuple[str, ...]:
    """The classes that a function answers with: its own, or those of the data set."""
    own = getattr(function, "classes", dataset.classes)
    found = (own,) if isinstance(own, str) else tuple(own)
    if not found or not all(isinstance(item, str) for item in found):
        raise CheckpointError(f"classes of {name} must be names, got {own!r}")
    if len(set(found)) < len(found):
        raise CheckpointError(f"classes of {name} must be different, got {', '.join(found)}")
    return found


def answer_of(
    function: Function, views: tuple[View, ...], classes: tuple[str, ...], name: str
) -> Predict:
    """A checked predictor of a function, which gets copies of the I/Q."""
    wants_snr = bool(getattr(function, "wants_snr", False))

    def answer(observed: EvaluationBatch) -> FloatArray:
        iq = {view: np.array(observed[view].iq, np.complex64) for view in views}
        given: list[Any] = [iq if len(views) > 1 else iq[views[0]]]
        if wants_snr:
            given.append(np.array(observed[views[0]].snr_db))
        try:
            probabilities = np.asarray(function(*given), np.float64)
        except Exception as error:
            shapes = " and ".join(str(part.shape) for part in iq.values())
            raise CheckpointError(f"{name} failed on I/Q {shapes}: {first_words(error)}") from error
        check_probabilities(probabilities, len(observed[views[0]]), classes, name)
        return probabilities

    return answer
