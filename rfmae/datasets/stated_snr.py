"""The SNR that the labels of a synthetic data set state, in the view where it is measured."""

import numpy as np

from rfmae.datasets.recipe import Recipe
from rfmae.datasets.store import Dataset
from rfmae.records import FloatArray, IntArray, View
from rfmae.units import db_to_ratio, noise_power_per_sample

_NOT_WHITE = {
    "carrier_to_interference_db",
    "impulse_probability",
    "clip_level_rms",
    "quantiser_bits",
}
"""Effects that are in the examples but not in their SNR."""

_NOT_AT_SYMBOLS = {"iq_gain_imbalance_db", "iq_phase_imbalance_degrees", "dc_offset_rms"}
"""Effects that a fit removes from a waveform, but not from filtered symbols."""

_MOVES_SYMBOLS = {"timing_offset_symbols", "clock_offset_ppm"}

_OF_THE_PULSE = {"memoryless", "rotating", "differential"}
"""Families whose symbols the matched filter recovers with all their energy."""


def snr_view(dataset: Dataset) -> View:
    """The view in which an SNR is measured: waveforms, whose noise is white, if there are any."""
    return "waveform" if "waveform" in dataset.views else "symbols"


def why_unmeasured(dataset: Dataset, recipe: Recipe) -> str:
    """Why the SNR of the label cannot be measured; empty where it can."""
    receiver, sampled = recipe.source.receiver, {*recipe.drawn_names}
    others = _NOT_WHITE & sampled
    if snr_view(dataset) == "symbols":
        others |= _NOT_AT_SYMBOLS & sampled
        others |= _MOVES_SYMBOLS & sampled if receiver.timing != "known" else set()
    if others:
        names = ", ".join(sorted(others))
        return f"the label counts white noise alone, but these examples have {names}, too"
    if snr_view(dataset) == "waveform" and receiver.waveform == "filtered":
        return "these waveforms are filtered, but the label is of the unfiltered ones"
    return ""


def measurable(dataset: Dataset, recipe: Recipe) -> list[bool]:
    """Of each class, whether its SNR can be measured in this view.

    Symbols of the other families lose energy in the matched filter.
    """
    whole = snr_view(dataset) == "waveform"
    return [
        row.family != "noise" and (whole or row.family in _OF_THE_PULSE)
        for row in recipe.modulations
    ]


def stated_snr(
    dataset: Dataset, recipe: Recipe, label: IntArray, snr_db: FloatArray, offset_db: FloatArray
) -> FloatArray:
    """The power ratio (N,) that a label states, at its point of the grid plus an offset.

    Signals have unit mean power, and a matched filter of unit energy adds up the samples of a
    symbol (Proakis, ch. 4).
    """
    source = recipe.source
    gain = source.samples_per_symbol if snr_view(dataset) == "symbols" else 1.0
    noise_at_zero = np.array(
        [
            noise_power_per_sample(
                0.0,
                source.channel.snr_reference,
                source.samples_per_symbol,
                row.bits_per_interval,
            )
            for row in recipe.modulations
        ]
    )
    moved: FloatArray = snr_db.astype(np.float64) + offset_db
    return db_to_ratio(moved) * gain / noise_at_zero[label]
