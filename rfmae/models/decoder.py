"""Tokens back to patches: mask tokens enter in a decoder, or already in the encoder."""

import torch
from torch import Tensor, nn

from rfmae.models.config import DenoMAEConfig
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.transformer import TransformerBlock, layer_norm
from rfmae.models.vit import hold_positions


class Decoder(nn.Module):
    """A transformer from visible tokens and mask tokens of one modality to patch values."""

    positions: Tensor

    def __init__(self, config: DenoMAEConfig, grid: PatchGrid) -> None:
        super().__init__()
        width = config.decoder_width
        self.embed = nn.Linear(config.encoder.width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        hold_positions(self, grid, width, config.encoder.positions)
        self.blocks = nn.ModuleList(
            TransformerBlock(width, config.decoder_heads) for _ in range(config.decoder_depth)
        )
        self.norm = layer_norm(width)
        self.pixels = nn.Linear(width, grid.patch_values)

    def forward(
        self,
        tokens: Tensor,
        mask: PatchMask,
        predicted: int,
        *,
        bias: Tensor | None = None,
        seen: list[Tensor] | None = None,
    ) -> Tensor:
        """Patches (N, predicted, P), the last in token order, from tokens (N, 1 + V, width)."""
        tokens = self.embed(tokens)
        # attention does not depend on the order of patches, so they stay in token order
        masked = self.mask_token.expand(len(tokens), mask.patches - mask.visible, -1)
        patches = torch.cat([tokens[:, 1:].to(masked.dtype), masked], dim=1)
        patches = patches + self.positions[mask.patch_ids]
        tokens = torch.cat([tokens[:, :1].to(patches.dtype), patches], dim=1)
        undisturbed = bias is None and seen is None
        for number, block in enumerate(self.blocks, start=1):
            # the last block computes only the tokens that are predicted
            last = undisturbed and number == len(self.blocks)
            tokens = block(tokens, queries=predicted if last else None, bias=bias, seen=seen)
        return self.pixels(self.norm(tokens[:, tokens.shape[1] - predicted :]))


class PatchPredictor(nn.Module):
    """The linear head of the symmetric variant, with the mask tokens for its encoder."""

    positions: Tensor

    def __init__(self, config: DenoMAEConfig, grid: PatchGrid) -> None:
        super().__init__()
        width = config.encoder.width
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        hold_positions(self, grid, width, config.encoder.positions)
        self.pixels = nn.Linear(width, grid.patch_values)

    def masked(self, mask: PatchMask) -> Tensor:
        """Mask tokens (N, L − V, width) at the positions of the hidden patches."""
        return self.mask_token + self.positions[mask.hidden_ids]

    def forward(self, tokens: Tensor) -> Tensor:
        """Patches (N, K, P) of tokens (N, K, width)."""
        return self.pixels(tokens)
