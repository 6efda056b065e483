"""Training settings from files: a TOML, or the card of a run that was made with them."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rfmae.configuration.declared import overridden
from rfmae.configuration.methods import METHOD_KEYS
from rfmae.configuration.training import LABEL_BUDGETS
from rfmae.errors import ArtefactError, TrainingError
from rfmae.plain import parse

Settings = TypeVar("Settings")

CARD_KEY = "settings"
"""Where the card of a run has its settings."""


def read_settings(path: str | Path, stage: str) -> dict[str, Any]:
    """The settings of a TOML file, of a run folder or of its card, as a nested table.

    `stage` is what they are for, `pretrain` or `finetune`; a card of the other is refused.

    Raises:
        TrainingError: No such file, one that does not parse, or a card without settings.
    """
    if not isinstance(path, str | Path):
        raise TrainingError(f"settings come from a file, got {path!r}; name its path")
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
    config = card.get("config") if isinstance(card, dict) else None
    if not isinstance(settings, dict) or not isinstance(config, dict):
        raise TrainingError(
            f"{place} holds no settings of a training; name a TOML file or a run of this version"
        )
    if config.get("stage") != stage:
        raise TrainingError(
            f"{place} is of a {config.get('stage')}, not of a {stage}; name another run"
        )
    return settings


def take_model(table: dict[str, Any], named: str | Path | None) -> Path | None:
    """The pre-trained model: the named one, or that of the table, from which it is taken."""
    stated = table.pop("model", None)
    if stated is not None and not isinstance(stated, str):
        raise TrainingError(f"model must be the path of a checkpoint, got {stated!r}")
    chosen = stated if named is None else named
    return None if chosen is None else Path(chosen)


def read_over(settings: Settings, table: Mapping[str, Any], also: Iterable[str] = ()) -> Settings:
    """Settings with the values of a nested table; `also` are keys that an error may propose.

    Raises:
        TrainingError: An unknown key, or a value of another type or out of range.
    """
    try:
        return overridden(settings, table, also=also)
    except ArtefactError as error:
        raise TrainingError(str(error)) from error


def over_file(path: str | Path | None, stage: str, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, over the settings of a file where one is named."""
    return given if path is None else merged(read_settings(path, stage), given)


def merged(table: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """A nested table with the values of another over its own.

    Another `method` or `network` brings its own parts, so those of the first table are dropped; and
    of the settings for a number of labels only the given one is left.
    """
    found = dict(table)
    if any(name in over and over[name] != table.get(name) for name in ("method", "network")):
        found = {name: given for name, given in found.items() if name not in METHOD_KEYS}
    if {*over} & {*LABEL_BUDGETS}:
        found = {name: given for name, given in found.items() if name not in LABEL_BUDGETS}
    for name, given in over.items():
        own = found.get(name)
        both = isinstance(own, Mapping) and isinstance(given, Mapping)
        found[name] = merged(own, given) if both else given  # type: ignore[arg-type]
    return found
