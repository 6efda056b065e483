"""The configuration of DenoMAE pre-training: masking, reconstruction, positions and noise."""

from dataclasses import dataclass

from rfmae.configuration.methods import DEEPEST_DECODER
from rfmae.configuration.objective import PatchObjective
from rfmae.errors import ShapeError
from rfmae.models.patches import PatchGrid
from rfmae.models.vit import EncoderConfig


def check_decoder_depth(blocks: int) -> None:
    """Refuse an impossible number of blocks."""
    if not 0 <= blocks <= DEEPEST_DECODER:
        raise ShapeError(f"a decoder has 0 to {DEEPEST_DECODER} blocks, got {blocks}")


@dataclass(frozen=True, slots=True)
class DenoMAEConfig(PatchObjective):
    """An encoder, its decoders and what they are trained to do."""

    encoder: EncoderConfig
    decoder_width: int
    decoder_depth: int
    decoder_heads: int

    def __post_init__(self) -> None:
        PatchObjective.__post_init__(self)
        check_decoder_depth(self.decoder_depth)
        for grid in self.predicted_grids:
            self._check_masking(grid)
        if self.noising.share and self.noising.block >= self.encoder.depth:
            raise ShapeError(
                f"feature noise must fall before one of the {self.encoder.depth} encoder blocks, "
                f"got block {self.noising.block}"
            )
        if self.noising.share and self.noising.disrupts and self.masking.includes_zero:
            raise ShapeError(
                "the disruption loss keeps noised tokens from hidden ones, of which a mask ratio "
                "of 0 leaves none; leave out the noise, or take a lowest mask ratio above 0"
            )
        if self.position.dropout + self.noising.share > 1:
            raise ShapeError(
                "tokens without position and noised ones are different tokens: their shares must "
                f"not exceed 1, got {self.position.dropout:g} and {self.noising.share:g}"
            )

    def _check_masking(self, grid: PatchGrid) -> None:
        """Refuse too few patches to hide any, and squares that are larger than an input."""
        self.masking.most_visible(grid.patches)
        if self.masking.unit > max(grid.counts):
            raise ShapeError(
                f"{grid.name} has {' × '.join(map(str, grid.counts))} patches, fewer than a mask "
                f"unit of {self.masking.unit}; take a smaller one"
            )

    @property
    def predicted_grids(self) -> tuple[PatchGrid, ...]:
        """The modalities that are masked and reconstructed; a scalar is neither."""
        return tuple(grid for grid in self.encoder.modalities if not grid.is_scalar)

    @property
    def encodes_hidden(self) -> bool:
        """Whether mask tokens pass through the encoder."""
        return self.mask_tokens == "encoder"

    def position_classes(self, grid: PatchGrid) -> int:
        """The number of classes of the position head of a modality."""
        if self.position.target == "rank":
            return self.masking.most_visible(grid.patches)
        return grid.patches
