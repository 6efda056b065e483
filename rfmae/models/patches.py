"""Patches and masks, and the only definition of patch order.

Patches of an image are numbered row by row from the top left, those of a sequence in time; a flat
patch holds its values plane by plane.
"""

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from rfmae.errors import ShapeError


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """How one input of a network is cut into patches: an image (C, H, W) or a sequence (C, T).

    `mean` and `deviation` are of each of its C planes; the encoder standardises its input with
    them, and the card holds them, so that inference scales alike. Without them the input is not
    scaled.
    """

    name: str
    shape: tuple[int, ...]
    patch: int  # pixels on a side, or samples
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.shape) not in (2, 3):
            raise ShapeError(f"{self.name} must be (C, H, W) or (C, T), got {self.shape}")
        if self.patch < 1 or any(side % self.patch for side in self.shape[1:]):
            sides = "×".join(map(str, self.shape[1:]))
            raise ShapeError(
                f"the sides of {self.name} must be multiples of patch {self.patch}, got {sides}"
            )
        if len(self.mean) != len(self.deviation) or len(self.mean) not in (0, self.planes):
            raise ShapeError(
                f"mean and deviation of {self.name} must name each of its {self.planes} planes, "
                f"got {len(self.mean)} and {len(self.deviation)}"
            )
        if any(not deviation > 0 for deviation in self.deviation):
            raise ShapeError(f"deviations of {self.name} must be positive, got {self.deviation}")

    @property
    def is_scalar(self) -> bool:
        """Whether it is one number, which has no position and is never hidden or predicted."""
        return math.prod(self.shape) == 1

    @property
    def planes(self) -> int:
        return self.shape[0]

    @property
    def counts(self) -> tuple[int, ...]:
        """Patches along each side."""
        return tuple(side // self.patch for side in self.shape[1:])

    @property
    def patches(self) -> int:
        return math.prod(self.counts)

    @property
    def patch_values(self) -> int:
        return self.planes * self.patch ** len(self.counts)

    def scaled(self, mean: tuple[float, ...], deviation: tuple[float, ...]) -> "PatchGrid":
        """The same grid, its inputs standardised to mean 0 and deviation 1 plane by plane."""
        return replace(self, mean=mean, deviation=deviation)

    def scaled_by(self, mean: Tensor, mean_square: Tensor) -> "PatchGrid":
        """The same grid with the scale of inputs of these moments (*shape).

        Rounded, so that every process finds the same; a constant plane has deviation 1.
        """
        mean, mean_square = mean.flatten(1).mean(dim=1), mean_square.flatten(1).mean(dim=1)
        deviation = (mean_square - mean.square()).clamp_min(0).sqrt()
        deviation = torch.where(deviation > 1e-6 * mean_square.sqrt(), deviation, 1.0)
        return self.scaled(_rounded(mean), _rounded(deviation))

    def check(self, inputs: Tensor) -> None:
        """Refuse inputs (N, *shape) of another shape."""
        if inputs.shape[1:] != self.shape:
            raise ShapeError(f"{self.name} must be (N, {self.shape}), got {tuple(inputs.shape)}")


def _rounded(values: Tensor) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in values.tolist())


def patchify(inputs: Tensor, patch: int) -> Tensor:
    """Cut images (N, C, H, W) or sequences (N, C, T) into flat patches (N, L, values)."""
    n, c, *sides = inputs.shape
    if any(side % patch for side in sides):
        raise ShapeError(
            f"sides must be multiples of patch {patch}, got {'×'.join(map(str, sides))}"
        )
    if len(sides) == 1:
        return inputs.reshape(n, c, -1, patch).transpose(1, 2).flatten(2)
    grid = inputs.reshape(n, c, sides[0] // patch, patch, sides[1] // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c * patch**2)


def take_patches(inputs: Tensor, grid: PatchGrid, ids: Tensor) -> Tensor:
    """The flat patches (N, V, values) of ids (N, V), each line straight from the input.

    The same as patchify and take, without a copy of the other patches.
    """
    n, c, p = len(inputs), grid.planes, grid.patch
    lines = p if len(grid.counts) == 2 else 1  # of a patch in each plane
    columns = grid.counts[-1]
    table = inputs.reshape(
        -1, p
    )  # every piece of a line, (N · C · lines of the input · columns, p)
    height = lines * grid.patches // columns
    planes = torch.arange(n * c, device=ids.device).view(n, 1, c, 1) * height
    within = torch.arange(lines, device=ids.device) + (ids // columns * lines)[:, :, None, None]
    rows = (planes + within) * columns + (ids % columns)[:, :, None, None]
    return table.index_select(0, rows.flatten()).view(*ids.shape, grid.patch_values)


def unpatchify(patches: Tensor, grid: PatchGrid) -> Tensor:
    """Put all flat patches (N, L, values) of a grid back together, (N, *shape)."""
    if patches.shape[1:] != (grid.patches, grid.patch_values):
        raise ShapeError(
            f"patches of {grid.name} must be (N, {grid.patches}, {grid.patch_values}), "
            f"got {tuple(patches.shape)}"
        )
    n, c, p = len(patches), grid.planes, grid.patch
    if len(grid.counts) == 1:
        return patches.view(n, grid.patches, c, p).transpose(1, 2).reshape(n, *grid.shape)
    rows, columns = grid.counts
    microbatches = patches.view(n, rows, columns, c, p, p).permute(0, 3, 1, 4, 2, 5)
    return microbatches.reshape(n, *grid.shape)


@dataclass(frozen=True, slots=True)
class PatchMask:
    """Which patches the encoder sees, and the order of its tokens.

    Token t of an example is patch `visible_ids[t]`, which is the only source of positions. The
    order is random, so that any run of tokens is a random choice among the visible: the first
    `unplaced` enter without their positions, and the last `noised` get feature noise.
    """

    visible_ids: Tensor  # (N, V) long, in token order
    hidden_ids: Tensor  # (N, L − V) long
    unplaced: int = 0
    noised: int = 0

    def __post_init__(self) -> None:
        if (
            not 0 <= self.unplaced + self.noised <= self.visible
            or min(self.unplaced, self.noised) < 0
        ):
            raise ShapeError(
                f"tokens without position and noised ones must fit into the {self.visible} "
                f"visible, got {self.unplaced} and {self.noised}"
            )

    def __len__(self) -> int:
        return len(self.visible_ids)

    @property
    def visible(self) -> int:
        return self.visible_ids.shape[1]

    @property
    def patches(self) -> int:
        return self.visible + self.hidden_ids.shape[1]

    @property
    def hides(self) -> bool:
        """Whether anything is hidden."""
        return self.visible < self.patches

    @property
    def judged_ids(self) -> Tensor:
        """The patches that enter a loss on hidden patches: those, or all where none is hidden."""
        return self.hidden_ids if self.hides else self.visible_ids

    @property
    def patch_ids(self) -> Tensor:
        """All patches in token order, visible before hidden, (N, L)."""
        return torch.cat([self.visible_ids, self.hidden_ids], dim=1)

    @property
    def hidden(self) -> Tensor:
        """True where a patch is hidden, (N, L)."""
        everywhere = torch.ones(
            len(self), self.patches, dtype=torch.bool, device=self.visible_ids.device
        )
        return everywhere.scatter(1, self.visible_ids, False)

    def __getitem__(self, rows: slice) -> "PatchMask":
        """The mask of some of the examples."""
        return PatchMask(self.visible_ids[rows], self.hidden_ids[rows], self.unplaced, self.noised)


def take(tokens: Tensor, ids: Tensor) -> Tensor:
    """The rows (N, V, D) of tokens (N, L, D) at ids (N, V)."""
    n, count, width = tokens.shape
    # one lookup in a long table: several times faster on a CPU than a gather of whole rows
    rows = ids + torch.arange(n, device=ids.device)[:, None] * count
    return tokens.reshape(n * count, width).index_select(0, rows.flatten()).view(*ids.shape, width)


def put_back(tokens: Tensor, ids: Tensor, count: int) -> Tensor:
    """Rows (N, K, D) at ids (N, K) among `count` places, zero elsewhere."""
    n, _, width = tokens.shape
    everywhere = tokens.new_zeros(n, count, width)
    return everywhere.scatter(1, ids[..., None].expand(-1, -1, width), tokens)
