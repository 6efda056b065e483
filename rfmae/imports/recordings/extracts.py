"""The stretches of recordings that a data set is made of, each with one label."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Recording, open_recording
from rfmae.errors import CaptureError, DatasetError


@dataclass(frozen=True, slots=True)
class Extract:
    """A stretch of a recording, up to its end without a count."""

    path: Path
    label: str
    snr_db: float = math.nan  # unknown
    split: str = ""  # of the authors
    first: int = 0
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found: extracts, what their number is called, and what is to be noted."""

    extracts: tuple[Extract, ...]
    called: str = "recordings"
    notes: tuple[str, ...] = ()


def open_listed(path: Path, read_options: ReadOptions) -> Recording:
    """A recording of a data set, refused by its name and its reason where it cannot be read."""
    try:
        return open_recording(path, read_options)
    except CaptureError as problem:
        reason = str(problem)
        named = reason if str(path) in reason else f"{path}: {reason}"
        raise DatasetError(f"{named}; leave it out, or say how it is to be read") from problem


def joined(listings: Sequence[Listing]) -> Listing:
    """Several listings as one."""
    return Listing(
        tuple(each for listing in listings for each in listing.extracts),
        listings[0].called,
        tuple(dict.fromkeys(note for listing in listings for note in listing.notes)),
    )
