"""Feature noise: which tokens are noised, where in the encoder, and how strongly."""

from dataclasses import dataclass
from typing import Literal

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import ShapeError

NoiseScale = Literal["rms", "unit"]
DisruptionMode = Literal["cross", "entropy", "hard"]
"""How hidden and noised tokens are kept apart; see `rfmae.models.objectives.disruption`."""

_PANEL = "Further objectives"


@dataclass(frozen=True, slots=True)
class Noising:
    """Which tokens are noised, where, how strongly, and how hidden ones are kept from them.

    A `share` of the visible tokens is noised after `block` blocks, at a time drawn from 0 to
    `latest` − 1 for each example. The betas rise linearly from `first_beta` to `last_beta`
    over `steps` times and are raised to `power`. The noise of a token is in units of
    its own rms, so that a time corresponds to an SNR, or of `unit` variance as in the paper.
    `disruption` is the loss that keeps hidden and noised tokens apart; the default `cross` is the
    rule of the paper, to suppress attention between the two.
    """

    share: float = setting(
        0.0,
        "Feature noise: share of the visible tokens.",
        least=0,
        most=1,
        option="noise-share",
        panel=_PANEL,
    )
    block: int = setting(
        2, "Encoder blocks before the noise.", least=0, option="noise-block", panel=_PANEL
    )
    scale: NoiseScale = setting(
        "rms",
        "Noise in units of the rms of each token, or of unit variance.",
        option="noise-scale",
        panel=_PANEL,
    )
    steps: int = setting(1000, "Times of the schedule.", least=1, most=100_000, option=None)
    first_beta: float = setting(1e-4, "Noise of the first time.", least=0, below=1, option=None)
    last_beta: float = setting(0.02, "Noise of the last time.", least=0, below=1, option=None)
    power: float = setting(1.2, "Exponent of the betas.", above=0, option=None)
    latest: int = setting(
        1000,
        "Strongest noise: the latest of the 1,000 times of its schedule.",
        least=1,
        option="noise-latest",
        panel=_PANEL,
    )
    time_embedding: bool = setting(
        True, "Noised tokens also get an embedding of their time.", option=None
    )
    classify_noised: bool = setting(
        False, "The position head classifies noised tokens, too.", option=None
    )
    disruption_weight: float = setting(
        0.1, "Of the disruption loss.", least=0, option="disruption-weight", panel=_PANEL
    )
    disruption: DisruptionMode = setting(
        "cross",
        "cross: suppress attention between hidden and noised; hard, or entropy.",
        option="disruption",
        panel=_PANEL,
    )

    def __post_init__(self) -> None:
        check_settings(self, ShapeError)
        if self.first_beta > self.last_beta:
            raise ShapeError(
                "betas must be ordered first_beta <= last_beta, "
                f"got {self.first_beta:g} and {self.last_beta:g}"
            )
        if self.latest > self.steps:
            raise ShapeError(
                f"the latest time must not exceed the {self.steps} steps, got {self.latest}"
            )

    @property
    def disrupts(self) -> bool:
        """Whether hidden and noised tokens are kept apart at all."""
        return self.disruption_weight > 0 or self.disruption == "hard"

    def noised_of(self, visible: int) -> int:
        """How many of `visible` tokens are noised: at least one for a positive share."""
        return max(round(self.share * visible), 1) if self.share else 0
