"""Recordings in SigMF, whose annotations are the stretches with a label."""

import math
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import Annotation, Recording, recordings_of
from rfmae.errors import DatasetError
from rfmae.imports.recordings.extracts import Extract, Listing, open_listed

_EDGES = (
    "annotations state frequency edges: examples are of the whole band, none was brought down to "
    "its centre or filtered"
)


def list_annotations(paths: tuple[Path, ...], read_options: ReadOptions) -> Listing:
    """The labelled annotations of recordings in SigMF; a collection stands for its recordings."""
    extracts: list[Extract] = []
    notes: dict[str, None] = {}
    unlabelled = 0
    for path in (each for listed in paths for each in recordings_of(listed)):
        recording = open_listed(path, read_options)
        marks = recording.annotations
        labelled = [mark for mark in marks if mark.label and mark.count]
        unlabelled += len(marks) - len(labelled)
        extracts += [_extract(path, mark) for mark in labelled]
        notes |= dict.fromkeys(_edges(recording, labelled))
    if not extracts:
        raise DatasetError(
            f"{paths[0]} has no annotation with a label; put recordings into a folder for each "
            "class, or name a table of files and labels"
        )
    if unlabelled:
        notes[f"{unlabelled} annotations without a label or without samples are left out"] = None
    return Listing(tuple(extracts), "annotations", tuple(notes))


def _extract(path: Path, mark: Annotation) -> Extract:
    return Extract(path, mark.label, mark.snr_db, first=mark.start, count=mark.count)


def _edges(recording: Recording, marks: list[Annotation]) -> tuple[str, ...]:
    """A note where an annotation is of a part of the band."""
    for mark in marks:
        width = mark.high_hz - mark.low_hz
        if not math.isnan(width) and width < 0.99 * recording.sample_rate_hz:
            return (_EDGES,)
    return ()
