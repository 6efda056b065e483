"""Masking: how much of an input is hidden at each step, and which patches."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.models.patches import PatchMask

DRAWN_RATIOS = 4  # evenly from the lowest to the highest: few shapes for a compiled network


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

    ratio: float = 0.75
    start_ratio: float | None = None
    ramp_share: float = 0.5
    quantum: int = 7
    unit: int = 1
    lowest: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.ratio < 1:
            raise ShapeError(f"mask ratio must lie in [0, 1), got {self.ratio:g}")
        if self.lowest is not None and not 0 <= self.lowest <= self.ratio:
            raise ShapeError(
                f"the lowest mask ratio must lie from 0 to the highest, {self.ratio:g}, "
                f"got {self.lowest:g}"
            )
        if self.lowest is not None and self.start_ratio is not None:
            raise ShapeError(
                "mask ratios are drawn, or they rise from a start_ratio, not both, "
                f"got lowest {self.lowest:g} and start_ratio {self.start_ratio:g}; leave out one"
            )
        if self.start_ratio is not None and not 0 < self.start_ratio < 1:
            raise ShapeError(
                f"start_ratio must lie in (0, 1), got {self.start_ratio:g}; "
                "leave it out for one ratio throughout"
            )
        if not 0 < self.ramp_share <= 1:
            raise ShapeError(f"ramp_share must lie in (0, 1], got {self.ramp_share:g}")
        if self.quantum < 1:
            raise ShapeError(f"quantum must be at least one patch, got {self.quantum}")
        if self.unit < 1:
            raise ShapeError(f"mask unit must be at least one patch, got {self.unit}")

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
        step = (self.ratio - self.lowest) / (DRAWN_RATIOS - 1)
        return (*(self.lowest + n * step for n in range(DRAWN_RATIOS - 1)), self.ratio)

    @property
    def includes_zero(self) -> bool:
        """Whether some steps hide nothing, so that the network is trained on whole inputs."""
        return self.ratios[0] == 0

    def drawn(self, generator: torch.Generator) -> "Masking":
        """The masking of one step, its ratio drawn; itself, without any draw, where none is."""
        if self.lowest is None:
            return self
        place = torch.randint(DRAWN_RATIOS, (), generator=generator, device=generator.device)
        return replace(self, ratio=self.ratios[int(place)], lowest=None)

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


def random_mask(
    n: int,
    grid_counts: tuple[int, ...],
    visible: int,
    generator: torch.Generator,
    *,
    unit: int = 1,
    unplaced: int = 0,
    noised: int = 0,
) -> PatchMask:
    """A mask drawn for each of n examples, each in a random token order.

    `grid_counts` are the patches along each side. Exactly `visible` patches are visible for any
    unit: one of the units is cut where it does not fit.
    """
    _check_visible(visible, math.prod(grid_counts))
    if unit == 1:
        order = _random_order(n, math.prod(grid_counts), generator)
        return PatchMask(order[:, :visible], order[:, visible:], unplaced, noised)
    order = _order_by_units(n, grid_counts, unit, generator)
    shuffled = order[:, :visible].gather(1, _random_order(n, visible, generator))
    return PatchMask(shuffled, order[:, visible:], unplaced, noised)


def everything_visible(n: int, patches: int, device: torch.device | str = "cpu") -> PatchMask:
    """A mask that hides nothing of n examples, patches in their own order."""
    ids = torch.arange(patches, device=device).expand(n, -1)
    return PatchMask(ids, ids[:, :0])


def complementary_masks(
    n: int, patches: int, visible: int, generator: torch.Generator
) -> list[PatchMask]:
    """Masks whose visible sets divide the patches, so that each patch is hidden in all but one.

    Where the patches do not divide by `visible`, the last mask shows some of them once more.
    """
    _check_visible(visible, patches)
    order = _random_order(n, patches, generator)
    masks = []
    for first in range(0, patches, visible):
        turned = order.roll(-min(first, patches - visible), dims=1)
        masks.append(PatchMask(turned[:, :visible], turned[:, visible:]))
    return masks


def _check_visible(visible: int, patches: int) -> None:
    if not 1 <= visible <= patches:
        raise ShapeError(f"visible patches must lie in 1 to {patches}, got {visible}")


def _random_order(n: int, count: int, generator: torch.Generator) -> Tensor:
    """A permutation of `count` for each of n examples, (n, count)."""
    return torch.rand(n, count, generator=generator, device=generator.device).argsort(dim=1)


def _order_by_units(
    n: int, grid_counts: tuple[int, ...], unit: int, generator: torch.Generator
) -> Tensor:
    """Patches of each example, unit after unit in random order, and random inside of each."""
    unit_ids = _unit_ids(grid_counts, unit).to(generator.device)
    units = math.prod(-(-count // unit) for count in grid_counts)
    rank = _random_order(n, units, generator)[:, unit_ids]  # (n, patches)
    within = torch.rand(rank.shape, generator=generator, device=generator.device)
    return (rank + within.double()).argsort(dim=1)  # float64: a sum never reaches the next unit


def _unit_ids(grid_counts: tuple[int, ...], unit: int) -> Tensor:
    """To which unit each patch of a grid belongs, (patches,); units at an edge may be smaller."""
    ids = torch.zeros(1, dtype=torch.long)
    for count in grid_counts:
        along = torch.arange(count) // unit
        ids = (ids[:, None] * -(-count // unit) + along).flatten()
    return ids
