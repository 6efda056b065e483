"""The classifier of bursts: examples, training, calibration, and the folder that comes along."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from rfmae.artefacts import versions
from rfmae.bursts.examples import example
from rfmae.bursts.network import CARD, BurstNetwork, save_network, softmax
from rfmae.bursts.other_signals import OTHERS
from rfmae.bursts.practice import CLASSES, OTHER, Practice, Range
from rfmae.errors import RecipeError
from rfmae.evaluation.calibration import fit_temperature
from rfmae.progress import Progress
from rfmae.records import FloatArray, IntArray
from rfmae.training.burst_network import (
    BurstTraining,
    denoising_encoder,
    train_burst_network,
)

SHARD = 250
"""Examples of one class in a file."""

Split = Literal["train", "validation"]
_LEAST_SCALE = 1e-3  # of a feature that hardly varies
_HIGH_SNR_DB = 10.0

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BurstRecipe:
    """What a classifier of bursts learns from, and how."""

    practice: Practice
    training: BurstTraining
    train_per_class: int
    validation_per_class: int
    other_share: float
    seed: int
    false_acceptance: float
    held_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """Features (N, F) of bursts, those of their clean twins, and what is true of them."""

    features: FloatArray
    clean: FloatArray
    labels: IntArray  # (N,), of the classes, the last number for other signals
    kinds: tuple[str, ...]  # of other signals
    snr_db: FloatArray
    symbols: FloatArray

    def of(self, rows: IntArray) -> "Examples":
        """Some of them."""
        return Examples(
            self.features[rows],
            self.clean[rows],
            self.labels[rows],
            tuple(self.kinds[row] for row in rows),
            self.snr_db[rows],
            self.symbols[rows],
        )


def read_burst_recipe(path: Path) -> BurstRecipe:
    """A recipe of bursts; raises `RecipeError` for keys that are unknown or missing."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path} is no recipe of bursts: {error}") from error
    try:
        practice = _record(Practice, content["practice"], path)
        training = _record(BurstTraining, content["training"], path)
        settings = {**content["examples"], **content["validation"]}
        held_out = tuple(settings.pop("held_out"))
        unknown = sorted(set(held_out) - set(OTHERS))
        if unknown:
            raise RecipeError(f"{path}: held_out names no kind of signal: {', '.join(unknown)}")
        return BurstRecipe(practice, training, held_out=held_out, **settings)
    except (KeyError, TypeError) as error:
        raise RecipeError(f"{path} is no recipe of bursts: {error}") from error


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


# examples --------------------------------------------------------------------------------------


def make_examples(
    recipe: BurstRecipe, split: Split, folder: Path, progress: Progress, workers: int = 2
) -> Examples:
    """All examples of a split, from shards in a folder; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    per_class = recipe.train_per_class if split == "train" else recipe.validation_per_class
    counts = dict.fromkeys(CLASSES, per_class)
    counts[OTHER] = int(per_class * recipe.other_share)
    jobs = [
        (name, number, min(SHARD, count - number * SHARD))
        for name, count in counts.items()
        for number in range(-(-count // SHARD))
    ]
    left = [job for job in jobs if not _shard_path(folder, split, job[0], job[1]).exists()]
    with progress.stage(f"examples ({split})", len(jobs), "shards") as bar:
        bar.advance(len(jobs) - len(left))
        made = Parallel(n_jobs=workers, return_as="generator_unordered")(
            delayed(_make_shard)(recipe, split, folder, *job) for job in left
        )
        for _ in made:
            bar.advance(1)
    return _joined([_shard_path(folder, split, job[0], job[1]) for job in jobs])


def _shard_path(folder: Path, split: Split, name: str, number: int) -> Path:
    plain = name.replace("/", "-").replace("π", "pi")
    return folder / f"{split}-{plain}-{number:03d}.npz"


def _make_shard(
    recipe: BurstRecipe, split: Split, folder: Path, name: str, number: int, count: int
) -> None:
    label = (*CLASSES, OTHER).index(name)
    address = [recipe.seed, ("train", "validation").index(split), label, number]
    practice = recipe.practice
    if split == "train":
        practice = replace(practice, left_out=recipe.held_out)
    made = []
    for rng in np.random.default_rng(address).spawn(count):
        found = example(name, rng, practice)
        if found is not None:
            made.append(found)
    path = _shard_path(folder, split, name, number)
    scratch = path.with_name(f".{path.name}")
    with scratch.open("wb") as file:
        np.savez(
            file,
            features=np.stack([item.features for item in made]).astype(np.float16),
            clean=np.stack([item.clean for item in made]).astype(np.float16),
            labels=np.full(len(made), label),
            kinds=np.array([item.kind for item in made]),
            snr_db=np.array([item.snr_db for item in made]),
            symbols=np.array([item.symbols for item in made]),
        )
    scratch.rename(path)


def _joined(paths: Sequence[Path]) -> Examples:
    parts = [dict(np.load(path, allow_pickle=False)) for path in paths]

    def joined(name: str) -> Any:
        return np.concatenate([part[name] for part in parts])

    return Examples(
        joined("features").astype(np.float32),
        joined("clean").astype(np.float32),
        joined("labels"),
        tuple(map(str, joined("kinds"))),
        joined("snr_db"),
        joined("symbols"),
    )


# training --------------------------------------------------------------------------------------


def train_classifier(recipe: BurstRecipe, train: Examples, validation: Examples) -> BurstNetwork:
    """A network of the training examples, calibrated on those of validation."""
    centre = train.features.mean(axis=0)
    scale = np.maximum(train.features.std(axis=0), _LEAST_SCALE)
    names = (*CLASSES, OTHER)
    blank = BurstNetwork(names, centre, scale, (), 1.0, 1.0, {})
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
    return calibrated(replace(blank, layers=layers), validation, recipe)


def calibrated(network: BurstNetwork, validation: Examples, recipe: BurstRecipe) -> BurstNetwork:
    """The network with its temperature and its threshold for other signals.

    The threshold accepts the stated share of signals of kinds that were not trained on.
    """
    strange = np.isin(validation.kinds, recipe.held_out)
    said = softmax(network.logits(validation.features[~strange]))
    temperature = fit_temperature(said, validation.labels[~strange])
    network = replace(network, temperature=temperature)
    other = network(validation.features[strange])[:, -1]
    return replace(network, threshold=float(np.quantile(other, recipe.false_acceptance)))


def measured(network: BurstNetwork, validation: Examples, recipe: BurstRecipe) -> dict[str, Any]:
    """How a network does on validation, for its card: accuracy by SNR and class, rejections."""
    said = network(validation.features)
    known = validation.labels < len(network.classes)
    strange = np.isin(validation.kinds, recipe.held_out)
    best = said[:, :-1].argmax(axis=1)
    accepted = said[:, -1] <= network.threshold
    right = best == validation.labels
    edges = (-2.0, 2.0, 5.0, 10.0, 20.0, 30.0)
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
        "false_rejection": float(1 - accepted[known].mean()),
        "auroc": rejection(said[known, -1], said[strange, -1]).auroc,
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
    train = make_examples(recipe, "train", work, progress, workers)
    validation = make_examples(recipe, "validation", work, progress, workers)
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
    save_network(network, out, replaces=CARD)
    return network
