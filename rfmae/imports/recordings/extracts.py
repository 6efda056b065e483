"""The stretches of recordings that a data set is made of, each with one label."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Recording, open_recording
from rfmae.errors import CaptureError, DatasetError

_WAY_OUT = re.compile(r" --[a-z]|; .*\b(unpack|convert|name|put|choose|leave)\b")
"""What an error says that ends with what to do."""


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
        way_out = "" if _WAY_OUT.search(reason) else "; leave it out, or say how it is to be read"
        raise DatasetError(f"{named}{way_out}") from problem


def once_each(listing: Listing) -> Listing:
    """A listing in which no stretch of a file is twice, by whatever paths; no file has two labels.

    Annotations with other labels may lie over one another; whole files may not.
    """
    found: dict[tuple[object, ...], Extract] = {}
    labels: dict[Path, Extract] = {}
    again = []
    for each in listing.extracts:
        path = each.path.resolve()
        if each.count is None:
            _refuse_two_labels(labels.setdefault(path, each), each)
        same = found.setdefault((path, each.label, each.split, each.first, each.count), each)
        if same is not each:
            again.append((same, each))
    if not again:
        return listing
    note = (
        f"{len(again)} of {len(listing.extracts)} {listing.called} are named twice, or are links "
        f"to others, and taken once: {again[0][1].path} is {again[0][0].path}"
    )
    return Listing(tuple(found.values()), listing.called, (*listing.notes, note))


def _refuse_two_labels(one: Extract, other: Extract) -> None:
    if one.label != other.label:
        link = "" if one.path == other.path else f", which is {one.path},"
        raise DatasetError(
            f"a recording must have one label, but {other.path}{link} has {one.label} and "
            f"{other.label}; leave one out, or name their stretches by annotations in SigMF"
        )


def joined(listings: Sequence[Listing]) -> Listing:
    """Several listings as one."""
    return Listing(
        tuple(each for listing in listings for each in listing.extracts),
        listings[0].called,
        tuple(dict.fromkeys(note for listing in listings for note in listing.notes)),
    )
