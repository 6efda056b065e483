"""Ceilings as JSON files, and those that come with rfmae."""

import dataclasses
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.errors import ArtefactError
from rfmae.records import Ceiling, as_plain
from rfmae.theory.ceiling_spec import CeilingSpec, PublishedCeilingSpec

_DIGITS = 5  # after the point; Monte Carlo resolves three


def ceiling_json(spec: CeilingSpec | PublishedCeilingSpec, ceiling: Ceiling) -> dict[str, Any]:
    """A ceiling and the key of its spec, in plain JSON."""
    return {"key": spec.key, **_rounded(as_plain(ceiling))}


def ceiling_from_json(content: dict[str, Any]) -> Ceiling:
    """The record that `ceiling_json` wrote."""
    values = {item.name: content[item.name] for item in dataclasses.fields(Ceiling)}
    for name in ("classes", "snr_db"):
        values[name] = tuple(values[name])
    values["groups"] = tuple(tuple(group) for group in values["groups"])
    return Ceiling(**{name: _array(name, value) for name, value in values.items()})


def shipped_ceiling(
    spec: CeilingSpec | PublishedCeilingSpec, folder: Path | None = None
) -> Ceiling | None:
    """The ceiling that comes with rfmae for a spec, or None.

    It holds the SNR points of `spec`, which may be a subset of those that were computed.
    """
    for content in _contents(folder or shipped_folder()):
        if content.get("key") == spec.key:
            found = at_points(ceiling_from_json(content), spec.snr_db)
            if found is not None:
                return found
    return None


def shipped_folder() -> Path:
    """The folder of the ceilings that come with rfmae."""
    return Path(str(resources.files("rfmae_recipes"))) / "ceilings"


def at_points(ceiling: Ceiling, snr_db: tuple[float, ...]) -> Ceiling | None:
    """The same ceiling at some of its SNR points, or None where it lacks one."""
    places = {round(point, 3): place for place, point in enumerate(ceiling.snr_db)}
    wanted = [places.get(round(point, 3)) for point in snr_db]
    if None in wanted:
        return None
    arrays = {
        item.name: getattr(ceiling, item.name)[wanted]
        for item in dataclasses.fields(Ceiling)
        if isinstance(getattr(ceiling, item.name), np.ndarray)
    }
    return dataclasses.replace(ceiling, snr_db=snr_db, **arrays)


def _contents(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtefactError(f"{path} holds no ceiling: {error}; remove it") from error


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, _DIGITS) if isinstance(value, float) else value


def _array(name: str, value: Any) -> Any:
    """Lists of numbers are arrays; the tuples of a ceiling were made before."""
    return np.array(value) if isinstance(value, list) else value
