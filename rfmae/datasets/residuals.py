"""What is between an example and its clean twin, as its recipe has it."""

from rfmae.datasets.recipe import Recipe
from rfmae.records import View

_DEPENDS_ON_THE_SIGNAL = {"clip_level_rms", "quantiser_bits"}
_MIRRORS = {"iq_gain_imbalance_db", "iq_phase_imbalance_degrees"}
_CORRECTED = {
    "timing_offset_symbols",
    "clock_offset_ppm",
    "carrier_offset_turns_per_symbol",
}
"""What a receiver corrects before its filter, and with it the defects of its hardware."""


def mirrors(recipe: Recipe) -> bool:
    """Whether the receiver adds the conjugate of its input (I/Q imbalance)."""
    return bool(_MIRRORS & {*recipe.drawn_names})


def adds_constant(recipe: Recipe) -> bool:
    """Whether the receiver adds a constant."""
    return "dc_offset_rms" in recipe.drawn_names


def why_not_noise(recipe: Recipe, view: View) -> str:
    """Why an example less its twin is not noise alone, the same in all classes; empty where it is.

    The twin takes the same path, so that fading, clocks and carriers are in both.
    """
    sampled, receiver = {*recipe.drawn_names}, recipe.source.receiver
    if others := _DEPENDS_ON_THE_SIGNAL & sampled:
        return f"what {', '.join(sorted(others))} does depends on the signal"
    is_filtered = view == "symbols" or receiver.waveform == "filtered"
    corrects = bool(_CORRECTED & sampled) or "mth-power" in (receiver.carrier, receiver.phase)
    if is_filtered and corrects and (mirrors(recipe) or adds_constant(recipe)):
        return "the receiver corrects the carrier or timing of what its hardware added"
    return ""
