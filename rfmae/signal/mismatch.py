"""Mismatch between a link and its receiver's assumptions, for robustness tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rfmae.errors import RecipeError, nearest
from rfmae.signal.impairments import Drawn

OFFSETS = (
    "carrier_offset_turns_per_symbol",
    "linewidth_turns_per_symbol",
    "timing_offset_symbols",
    "clock_offset_ppm",
    "iq_gain_imbalance_db",
    "iq_phase_imbalance_degrees",
)
"""Effects of a channel that can have an offset unknown to the receiver."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Deviations of a link from what its receiver assumes.

    `offsets` are added to the channel's values, by the name of the effect, and no receiver knows
    them: a receiver of known timing knows it without its offset. `sent_rolloff` is that of the
    transmitter's pulse, while the receiver's filter is unchanged.

    Links whose guard is at least `least_guard_symbols` transmit the same number of symbols, and
    therefore the same bits and noise, for any offset.
    """

    offsets: Mapping[str, float] = field(default_factory=dict)
    sent_rolloff: float | None = None
    least_guard_symbols: int = 0

    def __post_init__(self) -> None:
        for name in self.offsets:
            if name not in OFFSETS:
                raise RecipeError(f"no offset of {name!r} is known; {nearest(name, OFFSETS)}")

    def happened(self, sampled: Drawn, count: int) -> Drawn:
        """The true effects of each of `count` examples, with the offsets added."""
        added = {
            name: sampled.get(name, np.zeros(count)) + offset
            for name, offset in self.offsets.items()
        }
        return {**sampled, **added}
