"""DenoMAE2.0 in the order of the paper's figure (arXiv 2502.18202).

A quarter of the patches of a noisy image goes through the encoder. The decoder paints the clean
image; a linear head on the visible tokens tells where in the image each of them comes from.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rfmae.errors import ShapeError
from rfmae.models.patches import PatchMask, take
from rfmae.models.transformer import Block, layer_norm, sine_cosine_positions
from rfmae.models.vit import Encoder, EncoderConfig


@dataclass(frozen=True, slots=True)
class DenoMAEConfig:
    """An encoder, a decoder, how much is hidden and what the position head counts for."""

    encoder: EncoderConfig
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    mask_ratio: float = 0.75
    position_weight: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.mask_ratio < 1:
            raise ShapeError(f"mask_ratio must lie in (0, 1), got {self.mask_ratio:g}")
        if self.position_weight < 0:
            raise ShapeError(f"position_weight must not be negative, got {self.position_weight:g}")


@dataclass(frozen=True, slots=True)
class DenoMAEOutput:
    """What the network says of one batch."""

    patches: Tensor  # (N, L, P) predicted clean patches, row by row
    position_logits: Tensor  # (N, V, L) for each visible token: which patch is it?
    mask: PatchMask


class Decoder(nn.Module):
    """Visible tokens and mask tokens to the pixels of every patch."""

    positions: Tensor

    def __init__(self, config: DenoMAEConfig) -> None:
        super().__init__()
        encoder, width = config.encoder, config.decoder_width
        self.embed = nn.Linear(encoder.width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_buffer(
            "positions", sine_cosine_positions(encoder.side, width), persistent=False
        )
        self.blocks = nn.Sequential(
            *(Block(width, config.decoder_heads) for _ in range(config.decoder_depth))
        )
        self.norm = layer_norm(width)
        self.pixels = nn.Linear(width, encoder.patch_pixels)

    def forward(self, tokens: Tensor, mask: PatchMask) -> Tensor:
        """Patches (N, L, P) row by row, from encoder tokens (N, 1 + V, width)."""
        tokens = self.embed(tokens)
        n, hidden = mask.hidden_ids.shape
        masked = self.mask_token.to(tokens.dtype).expand(n, hidden, -1)
        patch_ids = torch.cat([mask.visible_ids, mask.hidden_ids], dim=1)
        patches = torch.cat([tokens[:, 1:], masked], dim=1)
        patches = patches + self.positions[patch_ids]
        mixed = self.norm(self.blocks(torch.cat([tokens[:, :1], patches], dim=1)))
        # attention does not care in which order patches stand; the picture does
        return self.pixels(take(mixed[:, 1:], patch_ids.argsort(dim=1)))


class DenoMAE(nn.Module):
    """DenoMAE2.0: encoder, decoder, position head."""

    def __init__(self, config: DenoMAEConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.encoder)
        self.decoder = Decoder(config)
        self.position_head = nn.Linear(config.encoder.width, config.encoder.patches)

    def forward(self, images: Tensor, mask: PatchMask) -> DenoMAEOutput:
        """Predict clean patches and token positions from noisy images (N, C, H, W)."""
        tokens = self.encoder(images, mask)  # (N, 1 + V, width)
        patches = self.decoder(tokens, mask)  # (N, L, P)
        position_logits = self.position_head(tokens[:, 1:])  # (N, V, L)
        return DenoMAEOutput(patches, position_logits, mask)
