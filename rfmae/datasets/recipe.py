"""Data recipes: the parameters of a synthetic data set, from strict TOML, with a fingerprint."""

import dataclasses
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from rfmae.configuration.declared import check_settings, declared, setting
from rfmae.datasets.strict_toml import build, to_toml
from rfmae.errors import RecipeError, UnitError, first_line, nearest
from rfmae.records import (
    IMAGE_ALONE,
    TRAJECTORY_PLANES,
    ImageConfig,
    Modality,
    View,
    check_modalities,
    snr_view,
)
from rfmae.signal.impairments import Channel
from rfmae.signal.link import Link
from rfmae.signal.modulations import Modulation, find_modulation
from rfmae.signal.ofdm import whole_samples
from rfmae.signal.published_signals import check_published, find_published
from rfmae.signal.pulses import Pulse
from rfmae.signal.receiver import Receiver
from rfmae.signal.settings import Subcarriers
from rfmae.signal.snr_estimation import SnrEstimator
from rfmae.signal.streams import address_of_snr
from rfmae.units import parse_snr_grid, whole_ratio

GENERATOR_VERSION = 2
"""Raised whenever the same recipe would give other bytes than before."""

SPLITS = ("train", "validation", "test")

_UNEQUAL_RAILS = {"iq_gain_imbalance_db", "iq_phase_imbalance_degrees"}

Parameter = int | float | tuple[float, ...]
"""A setting of one modulation."""


_MOST_EXAMPLES = 10**9  # of a class at an SNR point
_LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Source:
    """Where examples come from.

    `published` signals are those of the public DenoMAE2.0 generator, slips included. `parameters`
    holds settings of single modulations that differ from those of the table, by name.
    """

    modulations: tuple[str, ...] = field(
        metadata=declared("The classes, by `rfmae list modulations`.")
    )
    channel: Channel
    kind: Literal["synthetic", "published"] = setting(
        "synthetic", "Signals as defined physically, or those of the public DenoMAE2.0 generator."
    )
    symbols_per_example: int = setting(
        1024, "Length of an example.", unit="symbols", least=16, most=1 << 20
    )
    samples_per_symbol: float = setting(
        8.0, "Sampling rate over symbol rate.", unit="samples", least=1, most=1024
    )
    pulse: Pulse = field(default_factory=Pulse)
    receiver: Receiver = field(default_factory=Receiver)
    parameters: dict[str, dict[str, Parameter]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)


@dataclass(frozen=True, slots=True)
class Splits:
    """Examples per modulation at every SNR point."""

    train: int = field(metadata=declared("For training.", least=1, most=_MOST_EXAMPLES))
    validation: int = field(metadata=declared("For validation.", least=1, most=_MOST_EXAMPLES))
    test: int = field(metadata=declared("For the test.", least=1, most=_MOST_EXAMPLES))

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that determines the bytes of a data set and its images."""

    schema: int = field(metadata=declared("Version of the format.", least=1, most=1))
    name: str = field(metadata=declared("Lower-case letters, digits and dashes."))
    about: str = field(metadata=declared("One sentence."))
    seed: int = field(metadata=declared("Of every random draw.", least=0, most=_LARGEST_SEED))
    source: Source
    splits: Splits
    image: ImageConfig = field(default_factory=ImageConfig)
    modalities: tuple[Modality, ...] = IMAGE_ALONE

    def __post_init__(self) -> None:
        check_settings(self, RecipeError)
        _check(self)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.source.modulations

    @property
    def modulations(self) -> tuple[Modulation, ...]:
        """The row of each class, with the settings of this recipe."""
        if self.source.kind == "published":
            return tuple(map(find_published, self.classes))
        parameters = self.source.parameters
        return tuple(
            find_modulation(name).with_settings(parameters.get(name, {})) for name in self.classes
        )

    @property
    def link(self) -> Link:
        """The link of `rfmae.signal` that this recipe describes."""
        source = self.source
        return Link(
            symbols_per_example=source.symbols_per_example,
            samples_per_symbol=source.samples_per_symbol,
            channel=source.channel,
            pulse=source.pulse,
            receiver=source.receiver,
        )

    @property
    def views(self) -> tuple[View, ...]:
        """How every example is observed."""
        return self.source.receiver.views

    def samples(self, view: View) -> int:
        """Length of an example in a view."""
        return self.link.samples(view)

    def samples_per_symbol(self, view: View) -> float:
        return 1.0 if view == "symbols" else float(self.link.rate)

    def snr_estimator(self, view: View) -> SnrEstimator:
        """How a receiver estimates the SNR of its examples."""
        if view == "symbols":
            return SnrEstimator()
        filtered = self.source.receiver.waveform == "filtered"
        return SnrEstimator(self.samples_per_symbol(view), self.source.pulse, filtered)

    @property
    def drawn_names(self) -> tuple[str, ...]:
        """The channel effects that are drawn at random for each example and stored with it."""
        return self.source.channel.drawn_names

    @property
    def any_phase(self) -> bool:
        """Whether the distribution of examples is invariant to a quarter turn.

        It is not where the receiver knows the phase, or recovers it with an ambiguity other than
        quarter turns, nor where hardware after the turn treats I and Q differently.
        """
        channel, receiver = self.source.channel, self.source.receiver
        if channel.phase_offset_turns != "uniform" or _UNEQUAL_RAILS & {*channel.drawn_names}:
            return False
        if receiver.phase == "none" or "symbols" not in self.views:
            return True
        return receiver.phase != "known" and receiver.power % 4 == 0

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits of the resolved recipe and the generator's version."""
        content = {"generator": GENERATOR_VERSION, **dataclasses.asdict(self)}
        if self.modalities == IMAGE_ALONE:  # fingerprints stay those of before modalities
            del content["modalities"]
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        return digest.hexdigest()[:8]

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.fingerprint}"

    def examples_per_point(self, split: str) -> int:
        return int(getattr(self.splits, split))

    def examples(self, split: str) -> int:
        points = len(self.classes) * len(self.source.channel.snr_db)
        return points * self.examples_per_point(split)

    def with_snr(self, grid: str) -> "Recipe":
        channel = dataclasses.replace(self.source.channel, snr=grid)
        return dataclasses.replace(self, source=dataclasses.replace(self.source, channel=channel))

    def with_seed(self, seed: int) -> "Recipe":
        return dataclasses.replace(self, seed=seed)


def known_recipes() -> dict[str, Path]:
    """The recipes that come with rfmae, by name."""
    folder = Path(str(resources.files("rfmae_recipes")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A recipe by the name it has in rfmae, or from a TOML file.

    Args:
        name_or_path: Such as `awgn-ten` (`rfmae list recipes`), or a path.

    Returns:
        The recipe; `with_snr` and `with_seed` change it.

    Raises:
        RecipeError: No such recipe, an unknown key, a value of another type or out of range.

    Examples:
        >>> load_recipe("awgn-ten").with_snr("-10:10:5").source.channel.snr_db
        (-10.0, -5.0, 0.0, 5.0, 10.0)
    """
    known = known_recipes()
    path = known.get(str(name_or_path)) or Path(name_or_path)
    if not path.is_file():
        raise RecipeError(
            f"no recipe {str(name_or_path)!r}; give the path of a TOML file or a name "
            f"({nearest(str(name_or_path), known)})"
        )
    try:
        return parse_recipe(path.read_text(encoding="utf-8"))
    except (RecipeError, UnitError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.name}: {error}") from error


def parse_recipe(text: str) -> Recipe:
    """A recipe from TOML; unknown keys, missing keys and wrong types are refused."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers without an end, tables too deep
        words = first_line(error)
        if "digits" in words:  # Python's own words name a switch of Python
            words = "a number has thousands of digits"
        raise RecipeError(f"a recipe is a TOML file, but it does not parse: {words}") from error
    return build(Recipe, _with_snr_view(_with_planes(table)))


def _with_planes(table: dict[str, Any]) -> dict[str, Any]:
    """By default, an image of waveforms has three kernels around the trajectory."""
    source, image = table.get("source"), table.get("image", {})
    receiver = source.get("receiver") if isinstance(source, dict) else None
    if not isinstance(receiver, dict) or receiver.get("observe") != "waveform":
        return table
    if not isinstance(image, dict) or "planes" in image:
        return table
    planes = [dataclasses.asdict(plane) for plane in TRAJECTORY_PLANES]
    return {**table, "image": {**image, "planes": planes}}


def _with_snr_view(table: dict[str, Any]) -> dict[str, Any]:
    """By default, an SNR is estimated from the waveform where there is one."""
    source, modalities = table.get("source"), table.get("modalities")
    receiver = source.get("receiver") if isinstance(source, dict) else None
    if not isinstance(receiver, dict) or receiver.get("observe", "symbols") == "symbols":
        return table
    if not isinstance(modalities, list):
        return table
    resolved = [
        {"view": "waveform", **modality}
        if isinstance(modality, dict) and modality.get("what") == "snr"
        else modality
        for modality in modalities
    ]
    return {**table, "modalities": resolved}


def recipe_to_toml(recipe: Recipe) -> str:
    """The resolved recipe, defaults and all, as TOML that reads back as the same record."""
    return to_toml(dataclasses.asdict(recipe))


# rules over several keys ---------------------------------------------------------------------


def _check(recipe: Recipe) -> None:
    if not recipe.name or not set(recipe.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise RecipeError(
            f"name must be lower-case letters, digits and dashes, got {recipe.name!r}"
        )
    _check_modulations(recipe.source)
    _check_rates(recipe)
    _check_planes(recipe)
    _check_inputs(recipe)
    _check_snr(recipe)


def _check_modulations(source: Source) -> None:
    if len(source.modulations) < 2:
        raise RecipeError(f"source.modulations must name at least two, got {source.modulations}")
    find = find_published if source.kind == "published" else find_modulation
    for name in source.modulations:
        row = find(name)
        if name != row.name:
            raise RecipeError(f"source.modulations writes {row.name} as {name!r}; write {row.name}")
    if len(set(source.modulations)) < len(source.modulations):
        raise RecipeError(f"source.modulations repeats a name: {', '.join(source.modulations)}")
    for name in source.parameters:
        if name not in source.modulations:
            raise RecipeError(
                f"source.parameters names {name!r}, which is not among source.modulations; "
                + nearest(name, source.modulations)
            )


def _check_rates(recipe: Recipe) -> None:
    source = recipe.source
    if source.kind == "published":
        _check_published(recipe)
        return
    rate = whole_ratio(source.samples_per_symbol)
    rows = list(recipe.modulations)
    if source.channel.interference.carrier_to_interference_db != "none":
        rows.append(find_modulation(source.channel.interference.modulation))
    for row in rows:
        _check_rate(row, source.pulse, rate)
    if source.receiver.filters:
        source.pulse.check_rate(rate)  # also for the matched filter
    if source.receiver.timing == "oerder-meyr" and rate < 3:
        raise RecipeError(
            "timing 'oerder-meyr' needs source.samples_per_symbol of at least 3, "
            f"got {source.samples_per_symbol:g}"
        )


def _check_published(recipe: Recipe) -> None:
    check_published(recipe.link)
    for name in recipe.source.parameters:
        raise RecipeError(f"published signals have no settings: leave out source.parameters.{name}")


def _check_rate(row: Modulation, pulse: Pulse, rate: Fraction) -> None:
    """Refuse a rate at which a modulation cannot be sampled."""
    if rate < row.least_samples_per_symbol:
        raise RecipeError(
            f"{row.name} needs source.samples_per_symbol of at least "
            f"{row.least_samples_per_symbol:g}, got {float(rate):g}"
        )
    if isinstance(row.settings, Subcarriers):
        for name in ("fft_size", "cyclic_prefix"):
            whole_samples(f"{name} of {row.name}", getattr(row.settings, name), rate)
    elif row.points:
        pulse.check_rate(rate)


def _check_planes(recipe: Recipe) -> None:
    for plane in recipe.image.planes:
        if plane.view not in recipe.views:
            raise RecipeError(
                f"the image plane {str(plane)!r} is rendered from the {plane.view}, but "
                f"source.receiver.observe is {recipe.source.receiver.observe!r}; "
                f'write "{plane.view}" or "both", or choose another plane'
            )
        lag = plane.lag_symbols * recipe.samples_per_symbol(plane.view)
        if lag % 1 or lag >= recipe.samples(plane.view):
            raise RecipeError(
                f"lag_symbols of the image plane {str(plane)!r} must be whole samples, fewer than "
                f"the {recipe.samples(plane.view)} of an example, got {lag:g}"
            )


def _check_inputs(recipe: Recipe) -> None:
    samples = {view: recipe.samples(view) for view in recipe.views}
    check_modalities(recipe.modalities, recipe.image, samples)
    if (seen := snr_view(recipe.modalities)) is not None:
        recipe.snr_estimator(seen)  # refuses a waveform without noise beside its signal
    folded = [modality for modality in recipe.modalities if modality.form == "folded"]
    if folded and recipe.any_phase:
        raise RecipeError(
            f"the modality {folded[0].name} is folded from the real part alone, which carries no "
            "information under a uniform carrier phase; "
            'write form = "sequence" or phase_offset_turns = "none"'
        )


def _check_snr(recipe: Recipe) -> None:
    channel = recipe.source.channel
    points = parse_snr_grid(channel.snr)
    if len({address_of_snr(snr_db) for snr_db in points}) < len(points):
        raise RecipeError(
            f"points of source.channel.snr must lie at least 0.001 dB apart, got {channel.snr!r}"
        )
    without = [row.name for row in recipe.modulations if not row.is_digital]
    if channel.snr_reference == "bit" and without:
        raise RecipeError(
            f"snr_reference 'bit' needs classes that carry bits, but {without[0]} carries none; "
            "write 'symbol' or 'sample'"
        )
