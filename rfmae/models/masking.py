"""Masking: which patches of an input are hidden."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from rfmae.configuration.masking import RATIOS_DRAWN, Masking
from rfmae.errors import ShapeError
from rfmae.models.patches import PatchMask


def masking_of_step(masking: Masking, generator: torch.Generator) -> Masking:
    """The masking of one step, its ratio drawn; itself, without any draw, where none is."""
    if masking.lowest is None:
        return masking
    place = torch.randint(RATIOS_DRAWN, (), generator=generator, device=generator.device)
    return replace(masking, ratio=masking.ratios[int(place)], lowest=None)


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
