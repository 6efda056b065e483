"""The data set that a model was trained on, and what of other data it has seen there."""

from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

import numpy as np

from rfmae.artefacts import CARD_NAME, Card, read_card
from rfmae.datasets.cards import KIND as DATASET
from rfmae.datasets.store import Dataset, open_dataset
from rfmae.errors import RfmaeError
from rfmae.imports.sources import BLOCK_ROWS, Digests, row_digests
from rfmae.plain import value
from rfmae.records import View


def home_of(card: Card, given: Iterable[Dataset], home: Path) -> Dataset | None:
    """The data set that a model was trained on, where it is at hand."""
    stated = trained_on(card)
    if stated is None:
        return None
    named = list(given)
    for dataset in named:
        if dataset.fingerprint == stated["fingerprint"]:
            return dataset
    beside = dict.fromkeys([home, *(dataset.folder.resolve().parent for dataset in named)])
    for place in beside:
        for card_path in sorted(place.glob(f"*/{CARD_NAME}")):
            found = _readable_card(card_path.parent)
            if (found.get("kind"), found.get("fingerprint")) == (
                DATASET,
                stated["fingerprint"],
            ):
                return open_dataset(card_path.parent)
    return None


class TrainedOn(TypedDict):
    """The data set of a training, as the card of a model names it."""

    name: str
    fingerprint: str


def trained_on(card: Card) -> TrainedOn | None:
    """What a card says of the data set of a training; None of a model without one."""
    if "dataset" not in card:
        return None
    found: TrainedOn = value(TrainedOn, card["dataset"], "the data set of a model's card")
    return found


def _readable_card(folder: Path) -> Card:
    """The card of a folder of anybody's; nothing where it is none."""
    try:
        return read_card(folder) or {}
    except RfmaeError:
        return {}


def repeated_note(name: str, dataset: Dataset, home: Dataset | None) -> str:
    """A note where test examples of other data are among those that a model was trained on."""
    if home is None or home.fingerprint == dataset.fingerprint:
        return ""
    shared: list[View] = [view for view in dataset.views if view in home.views]
    if not shared or dataset.samples(shared[0]) != home.samples(shared[0]):
        return ""
    tested = _digests(dataset, "test", shared[0])
    count = int(np.isin(tested, _digests(home, "train", shared[0])).sum())
    if not count:
        return ""
    return (
        f"{name} was trained on {count:,} of the {len(tested):,} test examples of {dataset.name}: "
        "its accuracy on them says nothing of others"
    )


def _digests(dataset: Dataset, split: str, view: View) -> Digests:
    """A digest of the samples of each example."""
    starts = range(0, dataset.examples(split), BLOCK_ROWS)
    found = (
        row_digests(dataset.read_observed(split, slice(first, first + BLOCK_ROWS), view).iq)
        for first in starts
    )
    return np.concatenate([row_digests(()), *found])
