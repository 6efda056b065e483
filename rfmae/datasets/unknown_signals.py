"""Signals of no class of a data set: held-out modulations and noise, over its own link."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from rfmae.datasets.recipe import Recipe, load_recipe
from rfmae.datasets.robustness_examples import Examples
from rfmae.datasets.store import Dataset
from rfmae.datasets.synthesis import BLOCK, Block, synthesise
from rfmae.errors import RfmaeError
from rfmae.records import ComplexArray, IqBatch, View
from rfmae.signal.class_matching import table_row
from rfmae.signal.modulations import MODULATIONS, Modulation, find_modulation
from rfmae.signal.noise import circular_gaussian
from rfmae.signal.settings import Analog, ContinuousPhase
from rfmae.signal.streams import addressed

NOISE_ALONE = "noise alone"

HELD_OUT = (
    "8PSK",
    "64QAM",
    "2FSK",
    "OFDM-QPSK",
    "AM-DSB-WC",
    "16APSK",
    "BPSK",
    "16QAM",
    "4FSK",
    "NBFM",
    "32APSK",
    "8PAM",
    "AM-DSB-SC",
    "π/4-DQPSK",
    "QPSK",
    "OOK",
    "GMSK",
)
"""Candidates for unknown modulations; those that are none of the classes are used, in this order,
which alternates between families."""

_KINDS = 5
_NOISE = "NOISE"


def unknown_kinds(dataset: Dataset, known: Sequence[str] = ()) -> dict[str, Recipe | None]:
    """The unknown signals for a data set, by name, with their recipes; None for white noise.

    Signals of `known` modulations, which a model learnt beside the classes of the data set, are
    left out.
    """
    recipe = load_recipe(dataset.folder / "recipe.toml") if dataset.has_clean else None
    learnt = [_signal_of(row) for name in known if (row := table_row(name)) is not None]
    if recipe is None or recipe.source.kind == "published":
        return {} if _NOISE in learnt else {NOISE_ALONE: None}
    signals = [*(_signal_of(row) for row in recipe.modulations), *learnt]
    kinds = {} if _NOISE in signals else {NOISE_ALONE: _of_noise(recipe)}
    unknown = [
        MODULATIONS[name]
        for name in HELD_OUT
        if name not in recipe.classes and _signal_of(MODULATIONS[name]) not in signals
    ]
    sent = {row.name: _sending(recipe, row) for row in unknown}
    possible = [(name, own) for name, own in sent.items() if own is not None]
    return {**kinds, **dict(possible[:_KINDS])}


def unknown_examples(
    dataset: Dataset,
    name: str,
    recipe: Recipe | None,
    views: Sequence[View],
    per_point: int,
    seed: int,
) -> Iterator[Examples]:
    """Examples of one of the `unknown_kinds` at every SNR point, batch by batch.

    White noise, where there is no recipe, is drawn with `seed`.
    """
    if recipe is None:
        return _white(dataset, views, per_point, seed)
    return _synthesised(recipe, _row_of(name), views, per_point)


def _signal_of(row: Modulation) -> object:
    """A key that is equal for modulations that send the same signals."""
    if isinstance(row.settings, ContinuousPhase | Analog):
        return row.bits_per_symbol, row.settings
    return row.sends_same_signal_as or row.name


def _row_of(name: str) -> Modulation:
    return find_modulation(_NOISE if name == NOISE_ALONE else name)


def _of_noise(recipe: Recipe) -> Recipe:
    """The link of a recipe with noise alone, whose SNR cannot refer to bits."""
    channel = replace(recipe.source.channel, snr_reference="sample")
    source = replace(recipe.source, modulations=(_NOISE, "BPSK"), channel=channel, parameters={})
    return replace(recipe, source=source)


def _sending(recipe: Recipe, row: Modulation) -> Recipe | None:
    """The recipe with a modulation in place of its classes; None where its link cannot send it."""
    beside = "QPSK" if row.name == "BPSK" else "BPSK"  # a recipe needs two at least
    source = replace(recipe.source, modulations=(row.name, beside), parameters={})
    try:
        return replace(recipe, source=source)
    except RfmaeError:
        return None


def _synthesised(
    recipe: Recipe, row: Modulation, views: Sequence[View], per_point: int
) -> Iterator[Examples]:
    """Examples at every SNR point, block by block, in some views."""
    for snr_db in recipe.source.channel.snr_db:
        for first in range(0, per_point, BLOCK):
            positions = range(first, min(first + BLOCK, per_point))
            made = synthesise(recipe, Block("test", row.name, snr_db, positions))
            yield {view: made.views[view].observed for view in views}


def _white(
    dataset: Dataset, views: Sequence[View], per_point: int, seed: int
) -> Iterator[Examples]:
    """White circular noise of unit power in each view, of its own length."""
    for point, snr_db in enumerate(dataset.snr_db):
        yield {
            view: IqBatch(
                iq=_noise(per_point, dataset.samples(view), seed, (point, place)),
                label=np.zeros(per_point, np.int64),
                snr_db=np.full(per_point, snr_db, np.float32),
                classes=dataset.classes,
                samples_per_symbol=dataset.samples_per_symbol(view),
                snr_reference=dataset.snr_reference,
            )
            for place, view in enumerate(views)
        }


def _noise(count: int, samples: int, seed: int, address: tuple[int, ...]) -> ComplexArray:
    rng = addressed(seed, address)
    return circular_gaussian(count * samples, rng).reshape(count, samples)
