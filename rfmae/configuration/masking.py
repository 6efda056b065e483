"""Masking: how much of an input is hidden at each step."""

import math
from dataclasses import dataclass, replace

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import ShapeError

RATIOS_DRAWN = 4  # evenly from the lowest to the highest: few shapes for a compiled network


@dataclass(frozen=True, slots=True)
class Masking:
    """The share of patches that is hidden, step by step, and the size of hidden pieces.

    With a `start_ratio` the share moves linearly from there to `ratio` over the first `ramp_share`
    of the steps, and the number of visible patches is rounded to a multiple of `quantum`, so that a
    whole ramp has few shapes. Patches are hidden in squares of `unit`×`unit`, or in runs of `unit`
    of a sequence (SimMIM, arXiv 2111.09886, section 3.2).

    With a `lowest` ratio that of each step is drawn at random, one of four evenly from there to
    `ratio`. A ratio of 0 hides nothing.
    """

    ratio: float = setting(
        0.75,
        "Share of the patches that is hidden.",
        least=0,
        below=1,
        option="mask-ratio",
    )
    start_ratio: float | None = setting(
        None,
        "Curriculum: start with this share, rise over half of the steps.",
        above=0,
        below=1,
        option="mask-start-ratio",
        unset="no curriculum",
    )
    ramp_share: float = setting(
        0.5, "Share of the steps over which the curriculum rises.", above=0, most=1, option=None
    )
    quantum: int = setting(
        7,
        "The number of visible patches is a multiple of it on the way.",
        unit="patches",
        least=1,
        option=None,
    )
    unit: int = setting(
        1,
        "Hide squares of so many patches on a side.",
        unit="patches",
        least=1,
        most=1024,
        option="mask-unit",
    )
    lowest: float | None = setting(
        None,
        "Draw the share of each step from here to --mask-ratio; 0 hides none.",
        least=0,
        below=1,
        option="mask-lowest",
        unset="always the same share",
    )

    def __post_init__(self) -> None:
        check_settings(self, ShapeError)
        if self.lowest is not None and self.lowest > self.ratio:
            raise ShapeError(
                f"the lowest mask ratio must not exceed the highest, {self.ratio:g}, "
                f"got {self.lowest:g}"
            )
        if self.lowest is not None and self.start_ratio is not None:
            raise ShapeError(
                "mask ratios are drawn, or they rise from a start_ratio, not both, "
                f"got lowest {self.lowest:g} and start_ratio {self.start_ratio:g}; leave out one"
            )

    @property
    def first_ratio(self) -> float:
        """The share that is hidden at the first step."""
        return self.ratio if self.start_ratio is None else self.start_ratio

    def ramp(self, step: int, steps: int) -> float:
        """The progress of the ramp, 0 to 1, at the `step` of a run of `steps`."""
        return min(max(step, 0) / max(self.ramp_share * steps, 1.0), 1.0)

    @property
    def varies(self) -> bool:
        """Whether steps differ in how much they hide."""
        return self.start_ratio is not None or self.lowest is not None

    @property
    def ratios(self) -> tuple[float, ...]:
        """The ratios that a step draws from, ascending; one where none is drawn."""
        if self.lowest is None:
            return (self.ratio,)
        step = (self.ratio - self.lowest) / (RATIOS_DRAWN - 1)
        return (*(self.lowest + n * step for n in range(RATIOS_DRAWN - 1)), self.ratio)

    @property
    def includes_zero(self) -> bool:
        """Whether some steps hide nothing, so that the network is trained on whole inputs."""
        return self.ratios[0] == 0

    @property
    def least(self) -> "Masking":
        """The masking of the lowest ratio that may be drawn."""
        return self if self.lowest is None else replace(self, ratio=self.lowest, lowest=None)

    def ratio_at(self, step: int, steps: int) -> float:
        """The share to hide at the `step` of a run of `steps`, before rounding."""
        return self.first_ratio + self.ramp(step, steps) * (self.ratio - self.first_ratio)

    def visible_at(self, patches: int, step: int, steps: int) -> int:
        """How many of `patches` are visible at the `step` of a run of `steps`.

        Where ratios are drawn, it is that of the highest.
        """
        first, last = self._ends(patches)
        ramp = self.ramp(step, steps)
        if ramp in (0.0, 1.0):
            return last if ramp else first
        wanted = patches * (1 - self.ratio_at(step, steps))
        rounded = round(wanted / self.quantum) * self.quantum
        # between the ends: the last multiple of a coarse quantum may lie beyond them
        return min(max(rounded, min(first, last)), max(first, last))

    def most_visible(self, patches: int) -> int:
        """The most patches that are visible at any step, which determines the memory."""
        return max(*self._ends(patches), visible_count(patches, self.ratios[0]))

    def _ends(self, patches: int) -> tuple[int, int]:
        if patches < 2:
            raise ShapeError(
                f"masking needs at least 2 patches, got {patches}; make the patches smaller"
            )
        return visible_count(patches, self.first_ratio), visible_count(patches, self.ratio)


def visible_count(patches: int, mask_ratio: float) -> int:
    """How many of `patches` stay visible, rounded down: at least one, and all where the ratio is 0.

    >>> visible_count(196, 0.75), visible_count(100, 0.8), visible_count(196, 0)
    (49, 20, 196)
    """
    if mask_ratio == 0:
        return patches
    # slightly more: 100·(1 − 0.8) is 19.999… in floating point
    return max(1, min(math.floor(patches * (1 - mask_ratio) + 1e-9), patches - 1))
