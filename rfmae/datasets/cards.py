"""The card of a data set folder, in plain JSON."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from rfmae.artefacts import Card
from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.errors import DatasetError
from rfmae.records import TRAJECTORY_PLANES, ImageConfig, View
from rfmae.signal.modulations import identical_classes
from rfmae.units import SnrReference


class ViewCard(TypedDict):
    """How an example is held in a view."""

    samples: int
    samples_per_symbol: float


class DatasetCard(TypedDict):
    """What a reader of a data set relies on; a card says more."""

    name: str
    fingerprint: str
    classes: list[str]
    snr_db: list[float]
    snr_reference: SnrReference
    views: dict[View, ViewCard]
    drawn: list[str]
    any_phase: bool
    same_signals: list[list[str]]
    synthetic: bool
    examples: dict[str, int]
    image: dict[str, Any]
    about: NotRequired[str]
    modalities: NotRequired[list[dict[str, Any]]]
    recipe: NotRequired[dict[str, Any]]


KIND = "dataset"
NO_SNR = "no SNR is known"
"""How the note of an imported set begins whose source states none."""

SIGMF_KIND = "sigmf-dataset"


def dataset_card(recipe: Recipe) -> Card:
    """The card of a synthetic data set; it depends on the recipe alone."""
    return {
        "kind": KIND,
        "name": recipe.name,
        "about": recipe.about,
        "fingerprint": recipe.fingerprint,
        "synthetic": True,
        "classes": list(recipe.classes),
        "snr_db": list(recipe.source.channel.snr_db),
        "snr_reference": recipe.source.channel.snr_reference,
        "any_phase": recipe.any_phase,
        "same_signals": [list(group) for group in identical_classes(recipe.modulations)],
        "views": {
            view: _view_card(recipe.samples(view), recipe.samples_per_symbol(view))
            for view in recipe.views
        },
        "drawn": list(recipe.drawn_names),
        "examples": {split: recipe.examples(split) for split in SPLITS},
        "image": asdict(recipe.image),
        "modalities": [asdict(modality) for modality in recipe.modalities],
        "recipe": asdict(recipe),
    }


def imported_card(
    name: str,
    about: str,
    classes: Sequence[str],
    snr_db: Sequence[float],
    samples_per_symbol: float,
    samples: int,
    examples: Mapping[str, int],
    source: Card,
    splits: Card,
    fingerprint: str,
    image: ImageConfig | None = None,
    any_phase: bool = False,
) -> Card:
    """The card of an imported data set: waveforms as in its files, without clean twins.

    `source` and `splits` describe its origin and how it was divided, in plain JSON. Images are of
    the trajectory in three kernels unless an `image` is given.
    """
    return {
        "kind": KIND,
        "name": name,
        "about": about,
        "fingerprint": fingerprint,
        "synthetic": False,
        "classes": list(classes),
        "snr_db": list(snr_db),
        "snr_reference": "dataset",
        "any_phase": any_phase,
        "same_signals": [],
        "views": {"waveform": _view_card(samples, samples_per_symbol)},
        "drawn": [],
        "examples": dict(examples),
        "image": asdict(image or ImageConfig(planes=TRAJECTORY_PLANES)),
        "source": source,
        "splits": splits,
    }


SEAL = "card_sha256"


def sealed(card: Card) -> Card:
    """A card with the hash of all of it, so that an edit shows."""
    return {**card, SEAL: _hash_of(card)}


def check_seal(card: Card, folder: Path) -> None:
    """Raise for a card that was changed after it was written; older ones have no hash."""
    stated = card.get(SEAL)
    if stated is not None and stated != _hash_of(card):
        raise DatasetError(
            f"the card of {folder} was edited after it was written: it no longer has its {SEAL}"
        )


def _hash_of(card: Card) -> str:
    content = {key: item for key, item in card.items() if key != SEAL}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _view_card(samples: int, samples_per_symbol: float) -> Card:
    return {"samples": samples, "samples_per_symbol": samples_per_symbol}
