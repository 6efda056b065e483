"""Predictors: classifiers and baselines from folders, likelihood receivers, user functions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rfmae.baselines.files import is_baseline, load_baseline
from rfmae.baselines.likelihood import LikelihoodReceiver
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import CheckpointError, DatasetError, ShapeError
from rfmae.evaluation.classification import EvaluationBatch
from rfmae.evaluation.matching import in_data_order
from rfmae.evaluation.predictor import Origin, Predictor
from rfmae.inference import choose_device, load_classifier
from rfmae.models.checkpoint import BEST_NAME, load_checkpoint
from rfmae.records import FloatArray, View
from rfmae.signal.class_matching import matched_classes
from rfmae.signal.receiver import unit_power
from rfmae.theory.ceiling import check_signal_models, needs_waveform
from rfmae.theory.ceiling_spec import CeilingSpec, PublishedCeilingSpec
from rfmae.theory.frames import Knowledge
from rfmae.theory.signal_models import signal_model_of
from rfmae.workflows.ceilings import ceiling_spec_of
from rfmae.workflows.evaluate.functions import (
    answer_of,
    classes_of,
    is_function,
    load_function,
    views_of,
)
from rfmae.workflows.finding import newest_dataset

LIKELIHOOD: dict[str, Knowledge] = {"likelihood": "known", "likelihood-blind": "unknown"}
"""Names of likelihood receivers, and whether they know the SNR."""


def is_likelihood(path: Path) -> bool:
    """Whether a model's name is a likelihood receiver; a folder of that name takes precedence."""
    return str(path) in LIKELIHOOD and not path.exists()


def model_names(paths: Sequence[Path]) -> list[str]:
    """A short name for each model, fit for a file: its folder's, with its run's for a checkpoint.

    >>> model_names([Path("runs/probe"), Path("likelihood"), Path("my.radio:classify")])
    ['probe', 'likelihood', 'my.radio.classify']
    """
    names = [_name(path) for path in paths]
    if len(set(names)) < len(names):
        raise CheckpointError(f"models must have different names, got {', '.join(names)}")
    return names


def _name(path: Path) -> str:
    if is_function(path):
        return str(path).replace(":", ".")
    run = path.resolve().parent.parent
    inside_run = (run / BEST_NAME).is_file()
    return f"{run.name}-{path.name}" if inside_run else path.name


def dataset_of(model: Path, named: Path | None, home: Path) -> Dataset:
    """The named data set, or the one in `home` that a model was trained on."""
    if named is not None:
        return open_dataset(named)
    opened = load_baseline(model) if is_baseline(model) else load_checkpoint(model)
    trained_on = opened.card["dataset"]
    folder = home / f"{trained_on['name']}-{trained_on['fingerprint']}"
    if not folder.is_dir():
        raise DatasetError(f"{model} was trained on {folder}, which does not exist; name --data")
    return open_dataset(folder)


_FIRST = slice(0, 2)


def dataset_of_models(models: Sequence[Path], named: Path | None, home: Path) -> Dataset:
    """The named data set, that of a trained model among them, or the newest.

    Likelihood receivers and functions have no data set.
    """
    trained = [path for path in models if not is_likelihood(path) and not is_function(path)]
    if trained:
        return dataset_of(trained[0], named, home)
    return open_dataset(named or newest_dataset(home))


def open_predictor(
    dataset: Dataset, path: Path, device: str, *, renormalised: bool = False
) -> Predictor:
    """A predictor whose answers are in the order of the classes of a data set.

    `path` is a classifier's checkpoint or run, a baseline's folder, the name of a likelihood
    receiver, or `package.module:function`. Classes match by name (`matched_classes`); at least one
    must be common. Probabilities are over the whole list of the model, or `renormalised` to the
    classes that the data set holds.
    """
    predictor = _opened(dataset, path, device, renormalised)
    return replace(predictor, origin=Origin(dataset.folder, path, device))


def _opened(dataset: Dataset, path: Path, device: str, renormalised: bool) -> Predictor:
    if is_likelihood(path):
        return _likelihood(dataset, str(path))
    if is_function(path):
        opened, classes = _function(dataset, str(path))
    elif is_baseline(path):
        opened, classes = _baseline(path)
    else:
        opened, classes = _trained(path, device)
    _check_views(opened.views, dataset, path)
    found = _matched(opened, classes, dataset, path, renormalised)
    if is_function(path):  # its errors, before all examples are read
        found.answer(dataset.read_views("test", found.views, _FIRST))
    else:
        _check_lengths(opened, dataset, path)
    return found


def _trained(path: Path, device: str) -> tuple[Predictor, tuple[str, ...]]:
    classifier = load_classifier(path, device)

    def answer(observed: EvaluationBatch) -> FloatArray:
        return classifier({view: batch.iq for view, batch in observed.items()})

    opened = Predictor(
        answer,
        classifier.views,
        classifier.card,
        device=str(choose_device(device)),
        network=classifier.network,
    )
    return opened, classifier.classes


def _baseline(path: Path) -> tuple[Predictor, tuple[str, ...]]:
    baseline = load_baseline(path)

    def answer(observed: EvaluationBatch) -> FloatArray:
        return baseline({view: observed[view].iq for view in baseline.views})

    return Predictor(answer, baseline.views, baseline.card), baseline.classes


def _function(dataset: Dataset, name: str) -> tuple[Predictor, tuple[str, ...]]:
    function = load_function(name)
    views, classes = views_of(function, dataset, name), classes_of(function, dataset, name)
    answer = answer_of(function, views, classes, name)
    return Predictor(answer, views, {"kind": "function", "function": name}), classes


def _matched(
    opened: Predictor,
    classes: tuple[str, ...],
    dataset: Dataset,
    path: Path,
    renormalised: bool,
) -> Predictor:
    """The same with the columns of its answers in the order of the data set."""
    if classes == dataset.classes:
        return opened
    match = matched_classes(dataset.classes, classes)
    if not match.pairs:
        raise CheckpointError(
            f"{path} knows the classes {', '.join(classes)}, but {dataset.folder.name} "
            f"holds {', '.join(dataset.classes)}, none of them; fine-tune on this data set"
        )

    def answer(observed: EvaluationBatch) -> FloatArray:
        found = np.asarray(opened.answer(observed))
        return in_data_order(found, match, renormalised=renormalised)

    kept = match.without_absent() if renormalised else match
    return replace(opened, answer=answer, match=kept)


def _check_views(views: Sequence[View], dataset: Dataset, path: Path) -> None:
    lacking = [view for view in views if view not in dataset.views]
    if lacking:
        raise DatasetError(
            f"{path} sees the {' and the '.join(views)} of an example, but data set {dataset.name} "
            f"holds the {' and the '.join(dataset.views)} alone; take a model that was trained on "
            "those"
        )


def _check_lengths(opened: Predictor, dataset: Dataset, path: Path) -> None:
    """Refuse examples of another length than in training where a model takes no other."""
    trained: Mapping[View, int] = opened.card.get("samples", {})
    other = [
        view for view in opened.views if trained.get(view) not in (None, dataset.samples(view))
    ]
    if not other:
        return
    try:
        opened.answer(dataset.read_views("test", opened.views, _FIRST))
    except ShapeError as error:
        unit = "symbols" if other[0] == "symbols" else "samples"
        raise DatasetError(
            f"{path} takes examples of {trained[other[0]]:,} {unit} alone, as it was trained, but "
            f"those of {dataset.name} have {dataset.samples(other[0]):,}; cut them, or take a "
            "network that sees images or harmonics"
        ) from error


def _likelihood(dataset: Dataset, name: str) -> Predictor:
    """The likelihood receiver of the recipe that a data set was made from."""
    if not dataset.has_clean:
        raise DatasetError(
            f"the likelihood receiver needs a signal model, but {dataset.folder} was "
            "recorded or imported; name a synthetic data set"
        )
    recipe = load_recipe(dataset.folder / "recipe.toml")
    spec = ceiling_spec_of(recipe)
    if isinstance(spec, PublishedCeilingSpec):
        raise DatasetError(
            f"there is no likelihood receiver of published signals, as {dataset.folder} holds; "
            "`rfmae ceiling` computes their ceiling"
        )
    check_signal_models(spec)
    view = _view(dataset, spec)
    if view == "waveform" and recipe.source.receiver.waveform == "filtered":
        raise DatasetError(
            "the likelihood receiver needs waveforms in white noise, but those of "
            f"{dataset.folder} have passed the matched filter; "
            'write waveform = "received" in source.receiver'
        )
    receiver = LikelihoodReceiver(replace(spec, snr=LIKELIHOOD[name]), view=view)

    def answer(observed: EvaluationBatch) -> FloatArray:
        batch = observed[receiver.view]
        return receiver(unit_power(batch.iq), batch.snr_db)

    return Predictor(answer, (receiver.view,), {"kind": f"{name} receiver"})


def _view(dataset: Dataset, spec: CeilingSpec) -> View:
    """The waveform where a class needs it and the data set holds it."""
    models = [signal_model_of(row, spec.pulse, spec.rate) for row in spec.modulations]
    wanted: View = "waveform" if needs_waveform(models) else "symbols"
    return wanted if wanted in dataset.views else dataset.views[0]
