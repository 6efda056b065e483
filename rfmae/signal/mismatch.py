"""What a receiver does not know of its link: how robust it is can be measured with nothing else."""

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
"""Effects of a channel that can be more than what was drawn."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a link is otherwise than its receiver takes it for.

    `offsets` come on top of what the channel draws, by the name of the effect, and no receiver
    knows of them: one that is told the timing is told that without its offset. `sent_rolloff` is
    that of the transmitter's pulse, while the receiver's filter stays as it is.

    Links whose guard is at least `least_guard_symbols` put the same number of symbols on the air,
    and therefore the same bits and noise, whatever becomes of them on their way.
    """

    offsets: Mapping[str, float] = field(default_factory=dict)
    sent_rolloff: float | None = None
    least_guard_symbols: int = 0

    def __post_init__(self) -> None:
        for name in self.offsets:
            if name not in OFFSETS:
                raise RecipeError(f"no offset of {name!r} is known; {nearest(name, OFFSETS)}")

    def happened(self, sampled: Drawn, count: int) -> Drawn:
        """What truly happens to each of `count` examples, of what the receiver may know."""
        added = {
            name: sampled.get(name, np.zeros(count)) + offset
            for name, offset in self.offsets.items()
        }
        return {**sampled, **added}
