"""What the card of a data set folder says, in plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rfmae.artefacts import Card
from rfmae.datasets.recipe import SPLITS, Recipe
from rfmae.records import TRAJECTORY_PLANES, ImageConfig
from rfmae.signal.modulations import equal_laws

KIND = "dataset"
SIGMF_KIND = "sigmf-dataset"

_UNEQUAL_RAILS = {"iq_gain_imbalance_db", "iq_phase_imbalance_degrees"}


def dataset_card(recipe: Recipe) -> Card:
    """What a data set is, in plain JSON; it depends on the recipe alone."""
    return {
        "kind": KIND,
        "name": recipe.name,
        "about": recipe.about,
        "fingerprint": recipe.fingerprint,
        "synthetic": True,
        "classes": list(recipe.classes),
        "snr_db": list(recipe.source.channel.snr_db),
        "snr_reference": recipe.source.channel.snr_reference,
        "any_phase": _any_phase(recipe),
        "same_signals": [list(group) for group in equal_laws(recipe.modulations)],
        "views": {
            view: _view_card(recipe.samples(view), recipe.samples_per_symbol(view))
            for view in recipe.views
        },
        "drawn": list(recipe.drawn_names),
        "examples": {split: recipe.examples(split) for split in SPLITS},
        "image": asdict(recipe.image),
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
) -> Card:
    """What a data set is that others made: waveforms as they are in its files, no clean twins.

    `source` and `splits` say where it comes from and how it was divided, in plain JSON.
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
        "any_phase": False,
        "same_signals": [],
        "views": {"waveform": _view_card(samples, samples_per_symbol)},
        "drawn": [],
        "examples": dict(examples),
        "image": asdict(ImageConfig(planes=TRAJECTORY_PLANES)),
        "source": source,
        "splits": splits,
    }


def _any_phase(recipe: Recipe) -> bool:
    """Whether an example turned by a quarter is another example of the same law.

    It is not where the receiver knew the phase, or found it but for other turns than quarters, nor
    where hardware that treats I and Q differently came after the turn.
    """
    channel, receiver = recipe.source.channel, recipe.source.receiver
    if channel.phase_offset_turns != "uniform" or _UNEQUAL_RAILS & {*channel.drawn_names}:
        return False
    if receiver.phase == "none" or "symbols" not in recipe.views:
        return True
    return receiver.phase != "known" and receiver.power % 4 == 0


def _view_card(samples: int, samples_per_symbol: float) -> Card:
    return {"samples": samples, "samples_per_symbol": samples_per_symbol}
