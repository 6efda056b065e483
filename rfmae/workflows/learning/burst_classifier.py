"""The classifier of bursts: examples, training, calibration, and the folder that comes along."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.artefacts import refuse_occupied, versions
from rfmae.bursts.identifying import SURE
from rfmae.bursts.network import (
    DENSITY_DEPTH,
    KIND,
    BurstNetwork,
    Outliers,
    save_network,
    softmax,
)
from rfmae.bursts.other_signals import OTHERS
from rfmae.bursts.practice_settings import OTHER, Practice, Range
from rfmae.bursts.practice_signals import CLASSES
from rfmae.bursts.shards import ExamplePlan, Examples, make_examples
from rfmae.errors import RecipeError
from rfmae.evaluation.calibration import fit_temperature
from rfmae.evaluation.unknowns import auroc
from rfmae.progress import Progress
from rfmae.records import FloatArray
from rfmae.training.burst_network import (
    BurstTraining,
    denoising_encoder,
    train_burst_network,
)

SHIPPED_RECIPE = Path(str(resources.files("rfmae_recipes"))) / "classifiers" / "bursts.toml"
"""What the classifier that comes along was made with."""

_LEAST_SCALE = 1e-3  # of a feature that hardly varies
_HIGH_SNR_DB, _LOW_SNR_DB = 10.0, 5.0
_SHRUNK = 0.1  # of the covariance, towards a multiple of the identity

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BurstRecipe:
    """What a classifier of bursts learns from, and how."""

    plan: ExamplePlan
    training: BurstTraining
    false_acceptance: float


def read_burst_recipe(path: Path) -> BurstRecipe:
    """A recipe of bursts; raises `RecipeError` for keys that are unknown or missing."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path} is no recipe of bursts: {error}") from error
    try:
        training = _record(BurstTraining, content["training"], path)
        return BurstRecipe(
            _plan(content, training, path), training, content["validation"]["false_acceptance"]
        )
    except (KeyError, TypeError) as error:
        raise RecipeError(f"{path} is no recipe of bursts: {error}") from error


def _plan(content: Mapping[str, Any], training: BurstTraining, path: Path) -> ExamplePlan:
    examples, held_out = content["examples"], tuple(content["validation"]["held_out"])
    unknown = sorted(set(held_out) - set(OTHERS))
    if unknown:
        raise RecipeError(f"{path}: held_out names no kind of signal: {', '.join(unknown)}")
    return ExamplePlan(
        _record(Practice, content["practice"], path),
        {"train": examples["train_per_class"], "validation": examples["validation_per_class"]},
        examples["other_share"],
        held_out,
        examples["seed"],
        training.denoising_epochs > 0,
    )


def _record(kind: type[Any], values: Mapping[str, Any], path: Path) -> Any:
    known = {field.name: field for field in fields(kind)}
    for name in values:
        if name not in known:
            raise RecipeError(f"{path} has {name!r}, which is no setting of {kind.__name__}")
    ready = {
        name: Range(*value)
        if isinstance(known[name].default, Range)
        else tuple(value)
        if isinstance(value, list)
        else value
        for name, value in values.items()
    }
    return kind(**ready)


# training --------------------------------------------------------------------------------------


def train_classifier(recipe: BurstRecipe, train: Examples, validation: Examples) -> BurstNetwork:
    """A network of the training examples, calibrated on those of validation."""
    centre = train.features.mean(axis=0)
    scale = np.maximum(train.features.std(axis=0), _LEAST_SCALE)
    names = (*CLASSES, OTHER)
    blank = BurstNetwork(names, centre, scale, (), 1.0, None, {})
    encoder = None
    if recipe.training.denoising_epochs:
        noisy, clean = blank.standard(train.features), blank.standard(train.clean)
        encoder = denoising_encoder(noisy, clean, recipe.training)
    trained = train_burst_network(
        blank.standard(train.features), train.labels, len(names), recipe.training, encoder
    )
    # as it will be read again
    layers = tuple(
        (weights.astype(np.float16).astype(np.float32), biases)
        for weights, biases in trained.layers
    )
    return calibrated(replace(blank, layers=layers), train, validation, recipe)


def calibrated(
    network: BurstNetwork, train: Examples, validation: Examples, recipe: BurstRecipe
) -> BurstNetwork:
    """The network with its temperature and its thresholds for signals of no class.

    Both thresholds reject one share of the classes' own examples, which is chosen so that the
    stated share of signals of kinds that were not trained on is accepted.
    """
    strange = np.isin(validation.kinds, recipe.plan.held_out)
    said = softmax(network.logits(validation.features[~strange]))
    temperature = fit_temperature(said, validation.labels[~strange])
    network = replace(network, temperature=temperature)
    density = class_density(network, train)
    known = (validation.labels < len(network.classes)) & (validation.snr_db > _LOW_SNR_DB)
    distance = density.distances(network.hidden(validation.features, DENSITY_DEPTH))
    other = network(validation.features)[:, -1]
    outlying = np.minimum(_tail(distance, known), _tail(other, known))
    share = float(np.quantile(outlying[strange], 1 - recipe.false_acceptance))
    outliers = replace(
        density,
        other_threshold=float(np.quantile(other[known], 1 - share)),
        distance_threshold=float(np.quantile(distance[known], 1 - share)),
    )
    return replace(network, outliers=outliers)


def class_density(network: BurstNetwork, train: Examples) -> Outliers:
    """Means and common covariance of the hidden activations of the classes, as they are kept."""
    known = train.labels < len(network.classes)
    hidden = network.hidden(train.features[known], DENSITY_DEPTH)
    labels = train.labels[known]
    means = np.stack([hidden[labels == n].mean(axis=0) for n in range(len(network.classes))])
    around = hidden - means[labels]
    covariance = around.T @ around / len(around)
    covariance += _SHRUNK * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    whitening = np.linalg.inv(np.linalg.cholesky(covariance.astype(np.float64)))
    return Outliers(
        means.astype(np.float32), whitening.astype(np.float16).astype(np.float32), 1.0, 1.0
    )


def _tail(values: FloatArray, known: BoolArray) -> FloatArray:
    """The share of the known that lie at each of values (N,) or above."""
    ordered = np.sort(values[known])
    return np.asarray(1 - np.searchsorted(ordered, values) / len(ordered))


def measured(network: BurstNetwork, validation: Examples, recipe: BurstRecipe) -> dict[str, Any]:
    """How a network does on validation, for its card: accuracy by SNR and class, rejections."""
    said = network(validation.features)
    known = validation.labels < len(network.classes)
    clear = known & (validation.snr_db > _LOW_SNR_DB)
    strange = np.isin(validation.kinds, recipe.plan.held_out)
    best = said[:, :-1].argmax(axis=1)
    scores = network.outlier_scores(validation.features)
    accepted = (scores <= 1) & (said[:, :-1].max(axis=1) >= SURE)
    right = best == validation.labels
    edges = (-2.0, 2.0, 5.0, 10.0, 20.0, 40.0)
    by_snr = {
        f"{low:g} to {high:g} dB": _shares(right, accepted, known & _between(validation, low, high))
        for low, high in pairwise(edges)
    }
    high = known & (validation.snr_db >= _HIGH_SNR_DB)
    by_class = {
        name: _shares(right, accepted, high & (validation.labels == label))
        for label, name in enumerate(network.classes)
    }
    return {
        "accuracy": by_snr,
        f"accuracy from {_HIGH_SNR_DB:g} dB on": by_class,
        "false_acceptance": float(accepted[strange].mean()),
        "false_acceptance by kind": {
            kind: float(accepted[np.array(validation.kinds) == kind].mean()) for kind in OTHERS
        },
        "false_rejection": float(1 - accepted[known].mean()),
        f"false_rejection above {_LOW_SNR_DB:g} dB": float(1 - accepted[clear].mean()),
        "auroc": auroc(-scores[clear], -scores[strange]),
    }


def _between(examples: Examples, low: float, high: float) -> BoolArray:
    return np.asarray((examples.snr_db >= low) & (examples.snr_db < high))


def _shares(right: BoolArray, accepted: BoolArray, rows: BoolArray) -> dict[str, float]:
    """Shares of some examples that are named right, wrong, and unknown."""
    return {
        "right": float((right & accepted)[rows].mean()),
        "wrong": float((~right & accepted)[rows].mean()),
        "unknown": float((~accepted)[rows].mean()),
        "best_is_right": float(right[rows].mean()),
    }


def train_bursts(
    recipe_path: Path, work: Path, out: Path, progress: Progress, workers: int = 2
) -> BurstNetwork:
    """The whole of it: examples (kept in `work`, so that it can be resumed), network, folder."""
    recipe = read_burst_recipe(recipe_path)
    refuse_occupied(out, replaces=KIND)
    train = make_examples(recipe.plan, "train", work, progress, workers)
    validation = make_examples(recipe.plan, "validation", work, progress, workers)
    progress.note(f"training on {len(train.labels):,} bursts")
    network = train_classifier(recipe, train, validation)
    card = {
        "recipe": tomllib.loads(recipe_path.read_text("utf-8")),
        "trained_on": len(train.labels),
        "validated_on": len(validation.labels),
        "versions": versions(),
        "measured": measured(network, validation, recipe),
    }
    network = replace(network, card=card)
    save_network(network, out)
    return network
