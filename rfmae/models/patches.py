"""Patches and masks: the only owner of patch order.

Patches are numbered row by row from the top left; a flat patch holds its pixels plane by plane.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from rfmae.errors import ShapeError


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images (N, C, H, W) into flat patches (N, L, C·patch²), row by row."""
    n, c, h, w = images.shape
    if h % patch or w % patch:
        raise ShapeError(f"image sides must be multiples of patch {patch}, got {h}×{w}")
    grid = images.reshape(n, c, h // patch, patch, w // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(n, -1, c * patch**2)


def unpatchify(patches: Tensor, patch: int, planes: int) -> Tensor:
    """Put flat patches (N, L, C·patch²) of a square image back together, (N, C, H, W)."""
    n, count, _ = patches.shape
    side = round(count**0.5)
    if side**2 != count:
        raise ShapeError(f"patches must fill a square, got {count}")
    grid = patches.reshape(n, side, side, planes, patch, patch)
    return grid.permute(0, 3, 1, 4, 2, 5).reshape(n, planes, side * patch, side * patch)


@dataclass(frozen=True, slots=True)
class PatchMask:
    """Which patches the encoder sees, and in which order its tokens stand.

    Token t of an example is patch `visible_ids[t]`: whoever needs the position of a token reads
    it here and never works it out again.
    """

    visible_ids: Tensor  # (N, V) long, in token order
    hidden_ids: Tensor  # (N, L − V) long

    @property
    def patches(self) -> int:
        return self.visible_ids.shape[1] + self.hidden_ids.shape[1]

    @property
    def hidden(self) -> Tensor:
        """True where a patch is hidden, (N, L)."""
        everywhere = torch.ones(
            len(self.visible_ids), self.patches, dtype=torch.bool, device=self.visible_ids.device
        )
        return everywhere.scatter(1, self.visible_ids, False)


def visible_count(patches: int, mask_ratio: float) -> int:
    """How many of `patches` stay visible, at least one."""
    return max(1, int(patches * (1 - mask_ratio)))


def random_mask(n: int, patches: int, mask_ratio: float, generator: torch.Generator) -> PatchMask:
    """A mask drawn for each of n examples, each in a random token order."""
    order = torch.rand(n, patches, generator=generator, device=generator.device).argsort(dim=1)
    visible = visible_count(patches, mask_ratio)
    return PatchMask(order[:, :visible], order[:, visible:])


def complementary_masks(
    n: int, patches: int, mask_ratio: float, generator: torch.Generator
) -> list[PatchMask]:
    """Masks whose visible sets divide the patches, so that each patch is hidden in all but one."""
    order = torch.rand(n, patches, generator=generator, device=generator.device).argsort(dim=1)
    visible = visible_count(patches, mask_ratio)
    masks = []
    for first in range(0, patches, visible):
        turned = order.roll(-min(first, patches - visible), dims=1)
        masks.append(PatchMask(turned[:, :visible], turned[:, visible:]))
    return masks


def take(tokens: Tensor, ids: Tensor) -> Tensor:
    """The rows of tokens (N, L, D) that ids (N, V) name, (N, V, D)."""
    n, count, width = tokens.shape
    # one lookup in a long table: several times faster on a CPU than a gather of whole rows
    rows = ids + torch.arange(n, device=ids.device)[:, None] * count
    return tokens.reshape(n * count, width).index_select(0, rows.flatten()).view(n, -1, width)
