"""The network that names bursts: a few matrix products in numpy, which loads at once."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from rfmae.artefacts import CARD_NAME, write_json, written_whole
from rfmae.errors import CheckpointError
from rfmae.records import FloatArray

SHIPPED = Path(__file__).parent.parent / "weights"
"""The folder of the network that comes along."""

WEIGHTS = "weights.safetensors"
KIND = "burst classifier"
"""What the card of such a folder says that it is."""

DENSITY_DEPTH = 2
"""Layers behind which activations are compared with those of the classes."""

_FORMAT = "rfmae burst classifier 1"
_LEAK = 0.01  # slope of a hidden unit below zero
_MOST_DEVIATIONS = 6.0  # of a feature, in training's standard deviations


@dataclass(frozen=True, slots=True)
class Outliers:
    """What is known of the hidden activations of the classes, and how far is too far."""

    means: FloatArray  # (M, H), of each class
    whitening: FloatArray  # (H, H), of the covariance that all have about their means
    other_threshold: float  # probability of another signal
    distance_threshold: float

    def distances(self, hidden: FloatArray) -> FloatArray:
        """Mahalanobis' distance of activations (N, H) to the nearest class, (N,)."""
        white = np.asarray(hidden, np.float32) @ self.whitening.T
        centres = self.means.astype(np.float32) @ self.whitening.T
        squared = (
            np.square(white).sum(axis=1)[:, None]
            + np.square(centres).sum(axis=1)
            - 2 * white @ centres.T
        )
        return np.asarray(np.sqrt(np.maximum(squared.min(axis=1), 0.0)), np.float64)


@dataclass(frozen=True, slots=True)
class BurstNetwork:
    """Features of a burst to the probabilities of its classes, and of another signal.

    The last of `names` stands for signals that are none of the others. Logits are divided by the
    temperature (Guo et al., ICML 2017).
    """

    names: tuple[str, ...]  # (M,)
    centre: FloatArray  # (F,)
    scale: FloatArray  # (F,)
    layers: tuple[tuple[FloatArray, FloatArray], ...]  # weights (out, in), biases (out,)
    temperature: float
    outliers: "Outliers | None"
    card: Mapping[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, without the one of other signals."""
        return self.names[:-1]

    def standard(self, features: FloatArray) -> FloatArray:
        """Features (N, F) of mean zero and deviation one in training, bounded."""
        values = (np.asarray(features, np.float32) - self.centre) / self.scale
        return np.clip(values, -_MOST_DEVIATIONS, _MOST_DEVIATIONS).astype(np.float32)

    def logits(self, features: FloatArray) -> FloatArray:
        """Logits (N, M) of features (N, F)."""
        weights, biases = self.layers[-1]
        hidden = self.hidden(features, len(self.layers) - 1)
        return np.asarray(hidden @ weights.T + biases, np.float64)

    def hidden(self, features: FloatArray, depth: int) -> FloatArray:
        """Activations (N, H) behind so many layers, of features (N, F)."""
        values = self.standard(features)
        for weights, biases in self.layers[:depth]:
            values = values @ weights.T + biases
            values = np.where(values > 0, values, _LEAK * values)
        return values

    def outlier_scores(self, features: FloatArray) -> FloatArray:
        """How unlike the classes each of features (N, F) is; unknown above 1.

        The larger of two ratios to their thresholds: the probability of another signal, and the
        distance of the hidden activations from those of the nearest class (Lee et al., NeurIPS
        2018).
        """
        assert self.outliers is not None
        distance = self.outliers.distances(self.hidden(features, DENSITY_DEPTH))
        other = self(features)[:, -1] / self.outliers.other_threshold
        return np.asarray(np.maximum(other, distance / self.outliers.distance_threshold))

    def __call__(self, features: FloatArray) -> FloatArray:
        """Probabilities (N, M) of features (N, F)."""
        return softmax(self.logits(features) / self.temperature)


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities (N, M) of logits (N, M)."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


# files ----------------------------------------------------------------------------------------


def load_network(folder: Path = SHIPPED) -> BurstNetwork:
    """The network of a folder, whose weights must be those that its card states.

    Raises `CheckpointError` where either is missing, damaged or of another version.
    """
    card_path, weights_path = folder / CARD_NAME, folder / WEIGHTS
    try:
        card = json.loads(card_path.read_text("utf-8"))
        stated, found = card["sha256"], hashlib.sha256(weights_path.read_bytes()).hexdigest()
        kind, names = card["format"], tuple(card["names"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{folder} holds no burst classifier ({error}); install rfmae again"
        ) from error
    if kind != _FORMAT or stated != found:
        raise CheckpointError(
            f"{weights_path} is not the file that its card states (sha256 {found[:12]}, stated "
            f"{str(stated)[:12]}); install rfmae again"
        )
    try:
        arrays = load_file(weights_path)
        count = int(card["layers"])
        layers = tuple((arrays[f"weights.{n}"], arrays[f"biases.{n}"]) for n in range(count))
        widened = tuple((w.astype(np.float32), b.astype(np.float32)) for w, b in layers)
        outliers = Outliers(
            arrays["means"],
            arrays["whitening"].astype(np.float32),
            float(card["other_threshold"]),
            float(card["distance_threshold"]),
        )
        temperature = float(card["temperature"])
        centre, scale = arrays["centre"], arrays["scale"]
        return BurstNetwork(names, centre, scale, widened, temperature, outliers, card)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{weights_path} is damaged: {error}; install rfmae again") from error


def save_network(network: BurstNetwork, folder: Path) -> None:
    """The weights in half precision and the card with their hash, as a new folder.

    A folder of such a network is replaced.
    """
    assert network.outliers is not None
    arrays = {
        "centre": network.centre,
        "scale": network.scale,
        "means": network.outliers.means.astype(np.float32),
        "whitening": network.outliers.whitening.astype(np.float16),
    }
    for number, (weights, biases) in enumerate(network.layers):
        arrays[f"weights.{number}"] = weights.astype(np.float16)
        arrays[f"biases.{number}"] = biases.astype(np.float32)
    with written_whole(folder, replaces=KIND) as scratch:
        save_file(arrays, scratch / WEIGHTS, {"format": _FORMAT})
        card = {
            "kind": KIND,
            "format": _FORMAT,
            "sha256": hashlib.sha256((scratch / WEIGHTS).read_bytes()).hexdigest(),
            "names": list(network.names),
            "layers": len(network.layers),
            "temperature": network.temperature,
            "other_threshold": network.outliers.other_threshold,
            "distance_threshold": network.outliers.distance_threshold,
            **network.card,
        }
        write_json(scratch / CARD_NAME, card)
