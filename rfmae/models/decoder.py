"""From tokens back to patches: with mask tokens in a decoder, or from an encoder that had them."""

import torch
from torch import Tensor, nn

from rfmae.models.config import DenoMAEConfig
from rfmae.models.patches import PatchGrid, PatchMask
from rfmae.models.transformer import TransformerBlock, layer_norm
from rfmae.models.vit import hold_positions


class Decoder(nn.Module):
    """Visible tokens and mask tokens of one modality to the values of its patches."""

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
        """Patches (N, painted, P), the last in token order, from tokens (N, 1 + V, width)."""
        tokens = self.embed(tokens)
        # attention does not care in which order patches stand, so they stay in token order
        masked = self.mask_token.expand(len(tokens), mask.patches - mask.visible, -1)
        patches = torch.cat([tokens[:, 1:].to(masked.dtype), masked], dim=1)
        patches = patches + self.positions[mask.patch_ids]
        tokens = torch.cat([tokens[:, :1].to(patches.dtype), patches], dim=1)
        undisturbed = bias is None and seen is None
        for number, block in enumerate(self.blocks, start=1):
            # nobody asks the last block for what will not be painted
            last = undisturbed and number == len(self.blocks)
            tokens = block(tokens, asking=predicted if last else None, bias=bias, seen=seen)
        return self.pixels(self.norm(tokens[:, tokens.shape[1] - predicted :]))


class PatchPredictor(nn.Module):
    """The light head of the symmetric variant: mask tokens for the encoder, then a linear layer."""

    positions: Tensor

    def __init__(self, config: DenoMAEConfig, grid: PatchGrid) -> None:
        super().__init__()
        width = config.encoder.width
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        hold_positions(self, grid, width, config.encoder.positions)
        self.pixels = nn.Linear(width, grid.patch_values)

    def masked(self, mask: PatchMask) -> Tensor:
        """Mask tokens (N, L − V, width) at the places of the hidden patches."""
        return self.mask_token + self.positions[mask.hidden_ids]

    def forward(self, tokens: Tensor) -> Tensor:
        """Patches (N, K, P) of tokens (N, K, width)."""
        return self.pixels(tokens)
