"""Augmentation of received I/Q: how much each property of the link may change."""

from dataclasses import dataclass

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import RecipeError, nearest


@dataclass(frozen=True, slots=True)
class Augmentation:
    """The largest changes; each example draws its own, uniformly. Off by default.

    Carrier phase, carrier offset, timing and gain change in both directions. `noise_db` redraws the
    noise, from as strong as it was up to `noise_db` stronger; none leaves it.
    """

    phase_turns: float = setting(0.0, "Carrier phase.", unit="turns", least=0, most=0.5)
    carrier_offset_turns_per_symbol: float = setting(
        0.0,
        "Carrier offset; at most what loses next to nothing in a matched filter.",
        unit="turns per symbol",
        least=0,
        most=0.01,
    )
    timing_offset_symbols: float = setting(0.0, "Timing.", unit="symbols", least=0, most=0.5)
    gain_db: float = setting(0.0, "Gain.", unit="dB", least=0, most=60)
    noise_db: float | None = setting(
        None, "SNR lost to new noise.", unit="dB", least=0, most=30, unset="the noise as it is"
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)

    @property
    def is_off(self) -> bool:
        """Whether it leaves every example unchanged."""
        return self == Augmentation()


_WORDS = {
    "phase": ("phase_turns", 0.5),
    "carrier": ("carrier_offset_turns_per_symbol", 1e-4),
    "timing": ("timing_offset_symbols", 0.1),
    "gain": ("gain_db", 6.0),
    "noise": ("noise_db", 0.0),
}
"""The field of each word, and its value where no number is given."""


def parse_augmentation(text: str) -> Augmentation:
    """An augmentation from words between commas, each with an optional number.

    >>> parse_augmentation("phase,noise=3").noise_db
    3.0
    """
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        word, _, number = part.partition("=")
        if word not in _WORDS:
            raise RecipeError(f"unknown augmentation {word!r}; {nearest(word, _WORDS)}")
        name, usual = _WORDS[word]
        try:
            found[name] = float(number) if number else usual
        except ValueError:
            raise RecipeError(f"{word}= takes a number, got {number!r}") from None
    return Augmentation(**found)
