"""The specification of a ceiling: class list, link, and what the receiver knows."""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from rfmae.errors import RecipeError, UnitError, nearest
from rfmae.records import SEQUENCE, WHATS, Units, What, ceiling_name
from rfmae.signal.modulations import Modulation
from rfmae.signal.published_signals import PUBLISHED
from rfmae.signal.pulses import Pulse
from rfmae.theory.frames import Knowledge
from rfmae.units import SnrReference, db_to_ratio, ebn0_to_es_n0, snr_to_es_n0, whole_ratio

_MOST_PIXELS = 512

ESTIMATOR_VERSION = 1
"""Raised whenever the same spec would give another result than before.

Capping an image ceiling at its sequence ceiling needs no new version: that is done on reading.
"""

PUBLISHED_IMAGE = "published picture"
"""The kind of the ceiling of classifiers of the published images."""


@dataclass(frozen=True, slots=True)
class CeilingSpec:
    """A class list on a link of white noise alone, at the points of an SNR grid.

    Without `planes` the receiver sees the whole sequence; with them it sees what those planes of a
    constellation image show. An unknown phase is uniform, an unknown SNR any point of the grid and
    an unknown amplitude any of some gains, each as likely as the others.
    """

    modulations: tuple[Modulation, ...]
    snr_db: tuple[float, ...]
    snr_reference: SnrReference = "symbol"
    symbols_per_example: int = 1024
    samples_per_symbol: float = 8.0
    pulse: Pulse = field(default_factory=Pulse)
    phase: Knowledge = "unknown"
    snr: Knowledge = "known"
    amplitude: Knowledge = "known"
    planes: tuple[What, ...] = ()
    units: Units = "rms"  # rms of each frame, which an image then does not show, or absolute
    pixels: int = 0  # of an image's side; 0: points are observed without quantisation
    extent: float = 2.5  # half-width of such an image, in rms amplitudes

    def __post_init__(self) -> None:
        if len(self.modulations) < 2:
            raise RecipeError(
                f"a ceiling needs at least two classes, got {', '.join(self.classes) or 'none'}"
            )
        if len(set(self.classes)) < len(self.classes):
            raise RecipeError(f"a ceiling takes each class once, got {', '.join(self.classes)}")
        if self.symbols_per_example < 1:
            raise RecipeError(f"a frame holds at least 1 symbol, got {self.symbols_per_example}")
        for plane in self.planes:
            if plane not in WHATS:
                raise RecipeError(f"no plane shows {plane!r}; {nearest(plane, WHATS)}")
        if self.planes and self.amplitude == "unknown":
            raise RecipeError(
                "a ceiling of images is of known amplitude, which images in units of their rms do "
                "not show anyway, got unknown; leave it or the planes out"
            )
        if self.pixels and self.planes != ("symbols",):
            raise RecipeError(
                "pixels are counted of a plane of symbols, "
                f"got {self.pixels} pixels of {self.kind}; name the plane symbols alone"
            )
        if self.pixels and self.snr == "unknown":
            raise RecipeError(
                "pixels are laid in units of the rms that symbols and noise have at one SNR, which "
                "is known then, got an unknown SNR; leave it or the pixels out"
            )
        if not 0 < self.extent < math.inf or not 0 <= self.pixels <= _MOST_PIXELS:
            raise RecipeError(
                f"an image has 1 to {_MOST_PIXELS} pixels a side and a positive extent, "
                f"got {self.pixels} and {self.extent:g}"
            )
        if whole_ratio(self.samples_per_symbol).denominator != 1:
            raise RecipeError(
                "likelihoods need a whole number of samples per symbol, "
                f"got {self.samples_per_symbol:g}; choose another samples_per_symbol"
            )
        self.es_n0(self.snr_db[0])

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(row.name for row in self.modulations)

    @property
    def rate(self) -> int:
        """Samples per symbol."""
        return round(self.samples_per_symbol)

    @property
    def whats(self) -> tuple[What, ...]:
        """What the planes show, each once and in one order, whatever their number and rendering."""
        return plane_names(what for what in WHATS if what in self.planes)

    @property
    def kind(self) -> str:
        """`sequence`, or what the planes show."""
        if self.pixels:
            return f"symbols in {self.pixels} × {self.pixels} pixels"
        return ", ".join(self.whats) or SEQUENCE

    @property
    def name(self) -> str:
        """As that of its ceiling."""
        return ceiling_name(self.kind, self.snr)

    def es_n0(self, snr_db: float) -> float:
        """Energy of a symbol over the noise density, as a ratio, at a point of the grid."""
        if self.snr_reference == "symbol":
            return db_to_ratio(snr_db)
        if self.snr_reference == "sample":
            return db_to_ratio(snr_to_es_n0(snr_db, self.rate))
        bits = {row.bits_per_interval for row in self.modulations}
        if self.snr_reference == "bit" and len(bits) == 1 and min(bits) > 0:
            return db_to_ratio(ebn0_to_es_n0(snr_db, min(bits)))
        raise UnitError(
            "a ceiling needs one noise power for all classes, which snr_reference "
            f"{self.snr_reference!r} does not give them; write 'symbol' or 'sample'"
        )

    @property
    def key(self) -> str:
        """Sixteen hexadecimal digits of everything that decides the result at a point of the grid.

        The grid is part of it only where the receiver must consider its other points.
        """
        return _digest(
            {
                "estimator": ESTIMATOR_VERSION,
                "laws": [_signal_content(row) for row in self.modulations],
                "reference": self.snr_reference,
                "symbols": self.symbols_per_example,
                "rate": self.rate,
                "pulse": dataclasses.asdict(self.pulse),
                "knowledge": [self.phase, self.snr, self.amplitude],
                "grid": list(self.snr_db) if self.snr == "unknown" else [],
                "kind": [self.kind, self.units] if self.planes else [self.kind],
                **({"extent": self.extent} if self.pixels else {}),
            }
        )

    def fingerprint(self, frames: int, seed: int) -> str:
        """Eight hexadecimal digits of everything that decides the numbers of the result."""
        return _fingerprint(self.key, self.snr_db, frames, seed)


@dataclass(frozen=True, slots=True)
class PublishedCeilingSpec:
    """The ten classes of the public DenoMAE2.0 generator as it makes them, SNR per sample.

    Points are independent, so their order carries no information; the phase, the SNR and the
    amplitude are known, and so is that GMSK makes more points than the others. With `planes` only
    the padded canvas of the published image is observed, pixel by pixel.
    """

    classes: tuple[str, ...]
    snr_db: tuple[float, ...]
    symbols_per_example: int = 1024
    planes: tuple[What, ...] = ()

    snr_reference: ClassVar[SnrReference] = "sample"
    phase: ClassVar[Knowledge] = "known"
    snr: ClassVar[Knowledge] = "known"
    amplitude: ClassVar[Knowledge] = "known"

    def __post_init__(self) -> None:
        missing = sorted({*PUBLISHED} - {*self.classes})
        if missing:
            raise RecipeError(
                "the ceiling of published signals is that of all ten classes, but the recipe "
                f"lacks {', '.join(missing)}; add them"
            )

    @property
    def kind(self) -> str:
        return PUBLISHED_IMAGE if self.planes else SEQUENCE

    @property
    def name(self) -> str:
        """As that of `CeilingSpec`."""
        return ceiling_name(self.kind, self.snr)

    @property
    def key(self) -> str:
        """As that of `CeilingSpec`."""
        return _digest(["published", ESTIMATOR_VERSION, self.symbols_per_example, self.kind])

    def fingerprint(self, frames: int, seed: int) -> str:
        """As that of `CeilingSpec`."""
        return _fingerprint(self.key, self.snr_db, frames, seed)


def plane_names(words: Iterable[str]) -> tuple[What, ...]:
    """Names from user input, as plane names; `CeilingSpec` rejects unknown ones."""
    return cast(tuple[What, ...], tuple(words))


def _signal_content(row: Modulation) -> list[Any]:
    """What decides the signals of a row, its points to a millionth."""
    points = [[round(point.real, 6) + 0.0, round(point.imag, 6) + 0.0] for point in row.points]
    settings = {name: str(value) for name, value in dataclasses.asdict(row.settings).items()}
    return [row.name, row.family, row.bits_per_symbol, points, row.turn_per_symbol, settings]


def _fingerprint(key: str, snr_db: tuple[float, ...], frames: int, seed: int) -> str:
    return _digest([key, list(snr_db), frames, seed])[:8]


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
