"""The classifier of bursts: examples, training, calibration, and the folder that comes along."""

import datetime
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
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
from rfmae.training.burst_network import BurstTraining, train_burst_network

SHARD = 250
"""Examples of one class in a file."""

Split = Literal["train", "validation"]
_LEAST_SCALE = 1e-3  # of a feature that hardly varies


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

    def standard(values: FloatArray) -> FloatArray:
        return np.clip((values - centre) / scale, -6, 6).astype(np.float32)

    names = (*CLASSES, OTHER)
    trained = train_burst_network(
        standard(train.features),
        standard(train.clean),
        train.labels.astype(np.int64),
        len(names),
        recipe.training,
    )
    # as it will be read again
    layers = tuple(
        (weights.astype(np.float16).astype(np.float32), biases)
        for weights, biases in trained.layers
    )
    network = BurstNetwork(names, centre, scale, layers, 1.0, 0.0, {})
    return calibrated(network, validation, recipe.false_acceptance, recipe.held_out)


def calibrated(
    network: BurstNetwork, validation: Examples, false_acceptance: float, held_out: Sequence[str]
) -> BurstNetwork:
    """The network with its temperature and its threshold for unknown signals.

    The threshold accepts the stated share of signals of kinds that were not trained on.
    """
    strange = np.array([kind in held_out for kind in validation.kinds])
    said = softmax(network.logits(validation.features[~strange]))
    temperature = fit_temperature(said, validation.labels[~strange])
    network = replace(network, temperature=temperature)
    other = network(validation.features[strange])[:, -1]
    return replace(network, threshold=float(np.quantile(other, false_acceptance)))
