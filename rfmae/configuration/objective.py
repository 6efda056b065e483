"""The task of pre-training: what is hidden, what is predicted, and the weights of its losses."""

from dataclasses import dataclass, field
from typing import Literal

from rfmae.configuration.declared import check_settings, setting
from rfmae.configuration.masking import Masking
from rfmae.configuration.noising import Noising
from rfmae.errors import ShapeError

Where = Literal["hidden", "all"]
PixelTarget = Literal["clean", "noisy"]
PixelError = Literal["squared", "absolute", "rms"]
PositionTarget = Literal["absolute", "rank"]
MaskTokens = Literal["decoder", "encoder"]
UniformityLevel = Literal["image", "token"]

_PANEL = "Further objectives"


@dataclass(frozen=True, slots=True)
class PixelTask:
    """The reconstruction loss: on which patches, against which target, in which units and norm."""

    where: Where = setting("hidden", "Loss on hidden patches, or on all.", option="pixels")
    target: PixelTarget = setting(
        "clean", "Predict the clean twin, or the noisy input.", option="target"
    )
    normalised: bool = setting(
        False,
        "Normalise every target patch to mean 0 and variance 1.",
        option="normalised-targets/plain-targets",
    )
    error: PixelError = setting(
        "squared",
        "Squared, absolute, or rms: the root of each example's squared error.",
        option="pixel-error",
    )

    def __post_init__(self) -> None:
        check_settings(self, ShapeError)


@dataclass(frozen=True, slots=True)
class PositionTask:
    """Predicting the position of a visible token: among all positions, or among the visible.

    With `dropout`, that share of the visible tokens enters without its position, and only those
    are classified, so that the position cannot be copied from the input.
    """

    target: PositionTarget = setting(
        "absolute",
        "Predict the absolute position, or the rank among the visible patches.",
        option="position-target",
    )
    weight: float = setting(
        0.1, "Of the position loss; 0 leaves it out.", least=0, option="position-weight"
    )
    dropout: float = setting(
        0.0,
        "Share of visible tokens without position; only they are classified.",
        least=0,
        most=1,
        option="position-dropout",
    )

    def __post_init__(self) -> None:
        check_settings(self, ShapeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What any network is pre-trained to do."""

    masking: Masking = field(default_factory=Masking)
    pixels: PixelTask = field(default_factory=PixelTask)
    position: PositionTask = field(default_factory=PositionTask)
    laplacian_weight: float = setting(
        0.0,
        "Of the Laplacian loss, such as 0.05.",
        least=0,
        option="laplacian-weight",
        panel=_PANEL,
    )
    uniformity_weight: float = setting(
        0.0,
        "Of the uniformity loss, such as 0.01.",
        least=0,
        option="uniformity-weight",
        panel=_PANEL,
    )

    def __post_init__(self) -> None:
        check_settings(self, ShapeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchObjective(Objective):
    """What a transformer over patches is pre-trained to do.

    `mask_tokens` enter in the `decoder` (an encoder of visible tokens, four times faster), or in
    the `encoder`, whose tokens a linear layer maps to patches (the symmetric variant).
    """

    noising: Noising = field(default_factory=Noising)
    uniformity_level: UniformityLevel = setting(
        "image",
        "Uniformity between images, or between the tokens of each.",
        option="uniformity-level",
        panel=_PANEL,
    )
    mask_tokens: MaskTokens = setting(
        "decoder",
        "Mask tokens enter in the decoder, or in the encoder (symmetric).",
        option="mask-tokens",
        panel=_PANEL,
    )
