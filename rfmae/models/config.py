"""The configuration of DenoMAE pre-training: masking, reconstruction, positions and noise."""

from dataclasses import dataclass, field
from typing import Literal

from rfmae.errors import ShapeError, check_choice, check_weight
from rfmae.models.masking import Masking
from rfmae.models.noising import Noising
from rfmae.models.objectives.pixel_losses import Error
from rfmae.models.objectives.position import Target as PositionTarget
from rfmae.models.patches import PatchGrid
from rfmae.models.vit import EncoderConfig

Where = Literal["hidden", "all"]
PixelTarget = Literal["clean", "noisy"]
MaskTokens = Literal["decoder", "encoder"]
UniformityLevel = Literal["image", "token"]


@dataclass(frozen=True, slots=True)
class PixelTask:
    """The reconstruction loss: on which patches, against which target, in which units and norm."""

    where: Where = "hidden"
    target: PixelTarget = "clean"  # noisy is the plain masked autoencoder
    normalised: bool = False  # every target patch to mean 0 and variance 1
    error: Error = "squared"

    def __post_init__(self) -> None:
        check_choice("pixels", self.where, Where)
        check_choice("target", self.target, PixelTarget)
        check_choice("pixel error", self.error, Error)


@dataclass(frozen=True, slots=True)
class PositionTask:
    """Predicting the position of a visible token: among all positions, or among the visible.

    With `dropout`, that share of the visible tokens enters without its position, and only those
    are classified, so that the position cannot be copied from the input.
    """

    target: PositionTarget = "absolute"
    weight: float = 0.1
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_choice("position target", self.target, PositionTarget)
        check_weight("position weight", self.weight)
        if not 0 <= self.dropout <= 1:
            raise ShapeError(f"position dropout must lie in 0 to 1, got {self.dropout:g}")


_DEEPEST = 64


def check_decoder_depth(blocks: int) -> None:
    """Refuse an impossible number of blocks."""
    if not 0 <= blocks <= _DEEPEST:
        raise ShapeError(f"a decoder has 0 to {_DEEPEST} blocks, got {blocks}")


@dataclass(frozen=True, slots=True)
class DenoMAEConfig:
    """An encoder, its decoders, the masking and the losses.

    `mask_tokens` enter in the `decoder` (an encoder of visible tokens, four times faster), or in
    the `encoder`, whose tokens a linear layer maps to patches (the symmetric variant).
    """

    encoder: EncoderConfig
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    masking: Masking = field(default_factory=Masking)
    pixels: PixelTask = field(default_factory=PixelTask)
    position: PositionTask = field(default_factory=PositionTask)
    noising: Noising = field(default_factory=Noising)
    laplacian_weight: float = 0.0
    uniformity_weight: float = 0.0
    uniformity_level: UniformityLevel = "image"
    mask_tokens: MaskTokens = "decoder"

    def __post_init__(self) -> None:
        check_choice("uniformity_level", self.uniformity_level, UniformityLevel)
        check_choice("mask_tokens", self.mask_tokens, MaskTokens)
        check_decoder_depth(self.decoder_depth)
        for grid in self.predicted_grids:
            self.masking.most_visible(grid.patches)  # refuses too few patches to hide any
        for name in ("laplacian_weight", "uniformity_weight"):
            check_weight(name, getattr(self, name))
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
