"""Ceilings as JSON files, and those that come with rfmae."""

import dataclasses
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from rfmae.errors import ArtefactError
from rfmae.plain import parse, record, value
from rfmae.records import Ceiling, as_plain
from rfmae.theory.ceiling_spec import CeilingSpec, PublishedCeilingSpec

_DIGITS = 5  # after the point; Monte Carlo resolves three


def ceiling_json(spec: CeilingSpec | PublishedCeilingSpec, ceiling: Ceiling) -> dict[str, Any]:
    """A ceiling and the key of its spec, in plain JSON."""
    return {"key": spec.key, **_rounded(as_plain(ceiling))}


def ceiling_from_json(content: Any) -> Ceiling:
    """The record that `ceiling_json` wrote; raises `RfmaeError` for anything else."""
    given = value(dict[str, Any], content, "ceiling")
    known = {item.name for item in dataclasses.fields(Ceiling)}
    return record(Ceiling, {name: item for name, item in given.items() if name in known}, "ceiling")


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
            yield parse(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtefactError(f"{path} holds no ceiling: {error}; remove it") from error


def _rounded(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {name: _rounded(item) for name, item in plain.items()}
    if isinstance(plain, list):
        return [_rounded(item) for item in plain]
    return round(plain, _DIGITS) if isinstance(plain, float) else plain
