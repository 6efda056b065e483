"""Settings of a constellation image: its planes, size and axes."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from rfmae.configuration.declared import check_settings, setting
from rfmae.errors import ArtefactError, RecipeError
from rfmae.plain import record
from rfmae.records.iq import View

What = Literal["symbols", "trajectory", "differential", "differential-trajectory"]
"""What a plane of an image shows."""

WHATS: tuple[What, ...] = get_args(What)

Units = Literal["rms", "absolute"]
"""Of the axes of an image: the rms amplitude of what a plane shows, or that of the I/Q."""

PUBLISHED_SIZE = 224
"""Pixels of an image of DenoMAE2.0, in which half-widths of kernels are stated."""

_SMALLEST_IMAGE = 24  # below, a kernel of half-width 5 falls between two pixels
_LARGEST_IMAGE = 4096
_WIDEST_KERNEL = 112  # half of such an image
_LONGEST_LAG = 64


@dataclass(frozen=True, slots=True)
class Plane:
    """One channel of a constellation image: what it shows, and how it is rendered.

    What: `symbols`, one point each; `trajectory`, every sample of the waveform; `differential`,
    y[k]·conj(y[k − lag]) of the symbols, which ignores the carrier phase; the same of every sample
    is `differential-trajectory`, its lag still in symbols.

    How: `decay`, every point adds exp(−5/half_width · d/√2) within a square of `half_width`
    pixels around its own (Peng et al. 2018), distances in pixels of a 224-pixel image; `density`,
    the logarithm of 1 + points, distributed bilinearly on the pixels; `counts`, the points of each
    pixel, clipped at 255; `published`, the decay as the public code of DenoMAE2.0 draws it, its
    rounding, padding and eight bits included.

    `normalise` divides by the largest value of the plane (`peak`; of the padded canvas where
    published), or by what all points on one pixel would give (`points`).
    """

    what: What = setting("symbols", "What the plane shows.")
    how: Literal["decay", "density", "counts", "published"] = setting(
        "decay", "How its points are rendered."
    )
    half_width: int = setting(
        0,
        "Half-width of a kernel in an image of 224 pixels; 0 where points are counted.",
        unit="pixels",
        least=0,
        most=_WIDEST_KERNEL,
    )
    lag_symbols: float = setting(
        0.0,
        "Lag of a differential plane; 0 for the others.",
        unit="symbols",
        least=0,
        most=_LONGEST_LAG,
    )
    normalise: Literal["peak", "points"] = setting(
        "peak", "Divided by the largest value, or by what all points on one pixel give."
    )

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        _check_plane(self)

    @property
    def view(self) -> View:
        """What it is drawn from."""
        return "symbols" if self.what in ("symbols", "differential") else "waveform"

    @property
    def is_differential(self) -> bool:
        return self.what in ("differential", "differential-trajectory")

    def __str__(self) -> str:
        plural = "" if self.lag_symbols == 1 else "s"
        lag = f" over {self.lag_symbols:g} symbol{plural}" if self.is_differential else ""
        return f"{self.what}{lag}, {self.how}{f' {self.half_width}' if self.half_width else ''}"


def _check_plane(plane: Plane) -> None:
    kernels = plane.how in ("decay", "published")
    if plane.half_width and not kernels:
        raise RecipeError(
            f"a {plane.how} plane has no half_width, got {plane.half_width}; leave it out"
        )
    if kernels and not 1 <= plane.half_width <= _WIDEST_KERNEL:
        raise RecipeError(
            f"half_width of a {plane.how} plane must lie in 1 to {_WIDEST_KERNEL}, "
            f"got {plane.half_width}; the published ones are 5, 25 and 50"
        )
    if plane.is_differential and not 0 < plane.lag_symbols <= _LONGEST_LAG:
        raise RecipeError(
            f"lag_symbols of a {plane.what} plane must lie above 0 and up to {_LONGEST_LAG}, "
            f"got {plane.lag_symbols:g}; write lag_symbols = 1"
        )
    if plane.what == "differential" and plane.lag_symbols % 1:
        raise RecipeError(
            f"lag_symbols of a differential plane must be whole, got {plane.lag_symbols:g}; "
            'what = "differential-trajectory" takes fractions'
        )
    if not plane.is_differential and plane.lag_symbols:
        raise RecipeError(
            f"lag_symbols belongs to differential planes, got {plane.lag_symbols:g} "
            f"for {plane.what}; leave it out"
        )
    if plane.how == "published" and plane.normalise != "peak":
        raise RecipeError(
            f"a published plane is divided by its peak, got normalise = {plane.normalise!r}; "
            'leave it out or write how = "decay"'
        )


DECAY_PLANES = tuple(Plane("symbols", "decay", half_width) for half_width in (5, 25, 50))
"""The three kernels of DenoMAE2.0 around every symbol."""

TRAJECTORY_PLANES = tuple(replace(plane, what="trajectory") for plane in DECAY_PLANES)
"""The same around every sample of a waveform."""


def parse_planes(text: str) -> tuple[Plane, ...]:
    """Planes as they are written in one line: WHAT[@LAG][:HOW[:HALF_WIDTH]], with commas between.

    Without HOW the points are counted (`density`), or drawn with a kernel where one is given; the
    lag of a differential plane is one symbol.

    >>> [str(plane) for plane in parse_planes("trajectory:decay:25, differential-trajectory")]
    ['trajectory, decay 25', 'differential-trajectory over 1 symbol, density']
    """
    return tuple(_parse_plane(word.strip()) for word in text.split(","))


def _parse_plane(text: str) -> Plane:
    what, *how = text.split(":")
    what, _, lag = what.partition("@")
    table: dict[str, Any] = {"what": what, "how": how[0] if how else "density"}
    try:
        if len(how) > 1:
            table["half_width"] = int(how[1])
        if lag or what.startswith("differential"):
            table["lag_symbols"] = float(lag or 1)
    except ValueError:
        table = {}
    if not table or len(how) > 2:
        raise RecipeError(
            f"a plane is written WHAT[@LAG][:HOW[:HALF_WIDTH]], such as trajectory:decay:25 or "
            f"differential-trajectory@1:density, got {text!r}"
        )
    return record(Plane, table, f"plane {text!r}")


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """All settings for rendering I/Q as a constellation image.

    `extent` is the half-width of the I and Q axes, in units of the rms amplitude of what a plane
    shows, or in those of the I/Q (`absolute`).
    """

    size: int = setting(
        PUBLISHED_SIZE,
        "Width and height of an image.",
        unit="pixels",
        least=_SMALLEST_IMAGE,
        most=_LARGEST_IMAGE,
        option="image-size",
    )
    extent: float = setting(
        2.5,
        "Half-width of the I and Q axes.",
        unit="rms amplitudes",
        above=0,
        option="image-extent",
    )
    units: Units = setting(
        "rms", "Axes in units of the rms amplitude of what a plane shows, or of the I/Q (absolute)."
    )
    planes: tuple[Plane, ...] = DECAY_PLANES

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        if not self.planes:
            raise RecipeError("image planes must name at least one plane, got none")
        if self.size != PUBLISHED_SIZE and any(plane.how == "published" for plane in self.planes):
            raise RecipeError(
                f"published planes are {PUBLISHED_SIZE} pixels wide, got image size {self.size}; "
                'write how = "decay" for another size'
            )

    @property
    def views(self) -> tuple[View, ...]:
        """What the planes are drawn from, each view once, symbols first."""
        needed = {plane.view for plane in self.planes}
        return tuple(view for view in get_args(View) if view in needed)


def image_config_from_card(card: dict[str, Any]) -> ImageConfig:
    """The image settings of a card."""
    try:
        return record(ImageConfig, card, "image")
    except ArtefactError as error:
        raise ArtefactError(
            f"a card declares images that this version of rfmae does not read: {error}; "
            "generate the data set again and retrain what was trained on it"
        ) from error
