"""Data recipes: strict TOML, the resolved record, its fingerprint."""

import dataclasses
import hashlib
import json
import tomllib
import types
import typing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeVar

from rfmae.errors import RecipeError, UnitError, nearest
from rfmae.records import ImageConfig
from rfmae.signal.link import Link
from rfmae.signal.modulations import find_modulation
from rfmae.signal.pulses import root_raised_cosine
from rfmae.units import parse_snr_grid

GENERATOR_VERSION = 1
"""Raised whenever the same recipe would give other bytes than before."""

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Pulse:
    """Root-raised-cosine pulse, at the transmitter and as the matched filter."""

    shape: Literal["rrc"] = "rrc"
    rolloff: float = 0.35
    span_symbols: int = 12


@dataclass(frozen=True, slots=True)
class Channel:
    """White noise at every point of an SNR grid in dB; a carrier phase, uniform or none."""

    snr: str
    snr_reference: Literal["symbol", "sample"] = "symbol"
    phase_offset: Literal["none", "uniform"] = "uniform"

    @property
    def snr_db(self) -> tuple[float, ...]:
        return parse_snr_grid(self.snr)


@dataclass(frozen=True, slots=True)
class Source:
    """Where examples come from."""

    modulations: tuple[str, ...]
    channel: Channel
    kind: Literal["synthetic"] = "synthetic"
    symbols_per_example: int = 1024
    samples_per_symbol: int = 8
    pulse: Pulse = field(default_factory=Pulse)


@dataclass(frozen=True, slots=True)
class Splits:
    """Examples per modulation at every SNR point."""

    train: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides the bytes of a data set and the look of its images."""

    schema: int
    name: str
    about: str
    seed: int
    source: Source
    splits: Splits
    image: ImageConfig = field(default_factory=ImageConfig)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.source.modulations

    @property
    def link(self) -> Link:
        """What the signal room needs to know."""
        source = self.source
        return Link(
            symbols_per_example=source.symbols_per_example,
            samples_per_symbol=source.samples_per_symbol,
            rolloff=source.pulse.rolloff,
            span_symbols=source.pulse.span_symbols,
            snr_reference=source.channel.snr_reference,
            phase_offset=source.channel.phase_offset,
        )

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits of the resolved recipe and the generator's version."""
        content = {"generator": GENERATOR_VERSION, **dataclasses.asdict(self)}
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


def address_of_snr(snr_db: float) -> int:
    """An SNR point as a part of an example's address: thousandths of a dB, not negative."""
    return round(snr_db * 1000) & 0xFFFFFFFF


def known_recipes() -> dict[str, Path]:
    """The recipes that come with rfmae, by name."""
    folder = Path(str(resources.files("rfmae_recipes")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load_recipe(name_or_path: str | Path) -> Recipe:
    """A recipe by the name it has in rfmae, or from a TOML file of one's own."""
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
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"a recipe is a TOML file, but it does not parse: {error}") from error
    return _build(Recipe, table, where="")


def recipe_to_toml(recipe: Recipe) -> str:
    """The resolved recipe, defaults and all, as TOML that reads back as the same record."""
    lines: list[str] = []
    _write_table(dataclasses.asdict(recipe), "", lines)
    return "\n".join(lines).strip() + "\n"


# reading ------------------------------------------------------------------------------------

R = TypeVar("R")


def _build(record: type[R], table: Any, where: str) -> R:
    """A record from a table with the same keys, recursively; `where` is the path so far."""
    if not isinstance(table, dict):
        raise RecipeError(f"{where} must be a table, got {table!r}")
    hints = typing.get_type_hints(record)
    unknown = [key for key in table if key not in hints]
    if unknown:
        raise RecipeError(
            f"unknown key {_dotted(where, unknown[0])!r}; {nearest(unknown[0], hints)}"
        )
    required = [
        item.name
        for item in dataclasses.fields(record)  # type: ignore[arg-type]
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    ]
    for name in required:
        if name not in table:
            raise RecipeError(f"missing key {_dotted(where, name)!r}")
    return record(
        **{key: _value(hints[key], value, _dotted(where, key)) for key, value in table.items()}
    )


def _value(hint: Any, value: Any, where: str) -> Any:
    """One value checked against its annotation."""
    if dataclasses.is_dataclass(hint):
        return _build(hint, value, where)  # type: ignore[arg-type]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if value not in arguments:
            raise RecipeError(f"{where} must be {' or '.join(map(repr, arguments))}, got {value!r}")
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise RecipeError(f"{where} must be a list, got {value!r}")
        return tuple(_value(arguments[0], item, where) for item in value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or isinstance(value, bool):
        raise RecipeError(f"{where} must be {_TYPE_NAMES[hint]}, got {value!r}")
    return value


_TYPE_NAMES: dict[type, str] = {int: "a whole number", float: "a number", str: "a text"}


def _dotted(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _check(recipe: Recipe) -> None:
    """The rules that reach over several keys."""
    source = recipe.source
    if recipe.schema != 1:
        raise RecipeError(f"schema must be 1, got {recipe.schema}")
    if not recipe.name or not set(recipe.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise RecipeError(
            f"name must be lower-case letters, digits and dashes, got {recipe.name!r}"
        )
    if recipe.seed < 0:
        raise RecipeError(f"seed must not be negative, got {recipe.seed}")
    if len(source.modulations) < 2:
        raise RecipeError(f"source.modulations must name at least two, got {source.modulations}")
    rows = [find_modulation(name) for name in source.modulations]
    for name, row in zip(source.modulations, rows, strict=True):
        if name != row.name:
            raise RecipeError(f"source.modulations writes {row.name} as {name!r}; write {row.name}")
    if len({row.name for row in rows}) < len(rows):
        raise RecipeError(f"source.modulations repeats a name: {', '.join(source.modulations)}")
    if source.symbols_per_example < 16:
        raise RecipeError(
            f"source.symbols_per_example must be at least 16, got {source.symbols_per_example}"
        )
    if source.samples_per_symbol < 2:
        raise RecipeError(
            f"source.samples_per_symbol must be at least 2, got {source.samples_per_symbol}"
        )
    if source.samples_per_symbol % 2 and any(row.family == "offset" for row in rows):
        raise RecipeError(
            "OQPSK needs an even source.samples_per_symbol for its half-symbol offset, "
            f"got {source.samples_per_symbol}"
        )
    root_raised_cosine(source.pulse.rolloff, source.samples_per_symbol, source.pulse.span_symbols)
    points = parse_snr_grid(source.channel.snr)
    if len({address_of_snr(snr_db) for snr_db in points}) < len(points):
        raise RecipeError(
            "points of source.channel.snr must lie at least 0.001 dB apart, "
            f"got {source.channel.snr!r}"
        )
    for split in SPLITS:
        if recipe.examples_per_point(split) < 1:
            raise RecipeError(
                f"splits.{split} must be at least 1, got {recipe.examples_per_point(split)}"
            )


# writing ------------------------------------------------------------------------------------


def _write_table(table: dict[str, Any], header: str, lines: list[str]) -> None:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in inner:
            lines.append(f"{key} = {_toml(value)}")
    for key, value in inner.items():
        path = _dotted(header, key)
        lines.extend(["", f"[{path}]"])
        _write_table(value, path, lines)


def _toml(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, types.NoneType | dict):
        raise TypeError(f"no TOML for {value!r}")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # TOML's one more
