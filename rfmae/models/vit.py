"""The encoder over visible patches that every model here shares."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rfmae.errors import ShapeError
from rfmae.models.patches import PatchMask, patchify, take
from rfmae.models.transformer import Block, layer_norm, sine_cosine_positions


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """A vision transformer (Dosovitskiy et al. 2021)."""

    image_size: int
    patch_size: int
    planes: int
    width: int
    depth: int
    heads: int

    def __post_init__(self) -> None:
        if self.image_size % self.patch_size:
            raise ShapeError(
                f"image_size must be a multiple of patch_size, "
                f"got {self.image_size} and {self.patch_size}"
            )

    @property
    def side(self) -> int:
        return self.image_size // self.patch_size

    @property
    def patches(self) -> int:
        return self.side**2

    @property
    def patch_pixels(self) -> int:
        return self.planes * self.patch_size**2


class Encoder(nn.Module):
    """Patches to tokens; a class token stands first."""

    positions: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.patch_pixels, config.width)
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.width))
        positions = sine_cosine_positions(config.side, config.width)
        self.register_buffer("positions", positions, persistent=False)
        self.blocks = nn.Sequential(
            *(Block(config.width, config.heads) for _ in range(config.depth))
        )
        self.norm = layer_norm(config.width)

    def forward(self, images: Tensor, mask: PatchMask | None = None) -> Tensor:
        """Tokens (N, 1 + V, width) of images (N, C, H, W): the class token, then the visible
        patches in the order of the mask, or all patches row by row.
        """
        patches, positions = self._patches(images), self.positions
        if mask is not None:  # embed only what is visible
            patches, positions = take(patches, mask.visible_ids), positions[mask.visible_ids]
        tokens = self.embed(patches) + positions
        first = self.class_token.expand(len(images), -1, -1).to(tokens.dtype)
        return self.norm(self.blocks(torch.cat([first, tokens], dim=1)))

    def _patches(self, images: Tensor) -> Tensor:
        config = self.config
        expected = (config.planes, config.image_size, config.image_size)
        if images.shape[1:] != expected:
            raise ShapeError(f"images must be (N, {expected}), got {tuple(images.shape)}")
        return patchify(images, config.patch_size)
