"""Training settings from files: a TOML, or the card of a run that was made with them."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rfmae.configuration.declared import overridden
from rfmae.errors import ArtefactError, TrainingError
from rfmae.plain import parse

Settings = TypeVar("Settings")

CARD_KEY = "settings"
"""Where the card of a run has its settings."""


def read_settings(path: str | Path) -> dict[str, Any]:
    """The settings of a TOML file, of a run folder or of its card, as a nested table.

    Raises:
        TrainingError: No such file, one that does not parse, or a card without settings.
    """
    given = Path(path)
    place = given / "card.json" if given.is_dir() else given
    try:
        text = place.read_text(encoding="utf-8")
        if place.suffix != ".json":
            return tomllib.loads(text)
        card = parse(text)
    except FileNotFoundError:
        raise TrainingError(f"no settings {place}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise TrainingError(f"settings {place} cannot be read: {error}") from error
    settings = card.get(CARD_KEY) if isinstance(card, dict) else None
    if not isinstance(settings, dict):
        raise TrainingError(
            f"{place} holds no settings of a training; name a TOML file or a run of this version"
        )
    return settings


def read_over(settings: Settings, table: Mapping[str, Any], also: Iterable[str] = ()) -> Settings:
    """Settings with the values of a nested table; `also` are keys that an error may propose.

    Raises:
        TrainingError: An unknown key, or a value of another type or out of range.
    """
    try:
        return overridden(settings, table, also=also)
    except ArtefactError as error:
        raise TrainingError(str(error)) from error


def merged(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A nested table with the values of another over its own."""
    found = dict(table)
    for name, given in over.items():
        own = found.get(name)
        both = isinstance(own, Mapping) and isinstance(given, Mapping)
        found[name] = merged(own, given) if both else given  # type: ignore[arg-type]
    return found
