"""What a path holds of recordings: folders of classes, a table, or annotations."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rfmae.captures.read_options import ReadOptions
from rfmae.captures.sample_types import CONTESTED, REAL_SUFFIXES, SUFFIXES
from rfmae.captures.wav import is_wav
from rfmae.errors import DatasetError
from rfmae.imports.recordings.annotations import list_annotations
from rfmae.imports.recordings.class_folders import (
    SIGMF,
    has_class_folders,
    list_class_folders,
    recordings_in,
)
from rfmae.imports.recordings.extracts import Listing, joined, once_each
from rfmae.imports.recordings.recording_table import is_recording_table, is_table, list_table

_OF_RECORDINGS = {*SUFFIXES, *CONTESTED, *REAL_SUFFIXES, ".iq", ".raw", ".wav"}
"""Suffixes that recordings have and other files have not."""


def holds_recordings(path: Path) -> bool:
    """Whether a path is a folder with recordings, a table of them, or a recording in SigMF."""
    if path.is_dir():
        return has_class_folders(path) or any(_in_sigmf(each) for each in recordings_in(path)[0])
    return path.is_file() and (_in_sigmf(path) or is_recording_table(path))


def list_recordings(path: Path, read_options: ReadOptions) -> Listing:
    """The labelled stretches that a path holds."""
    if path.is_dir():
        if has_class_folders(path):
            return list_class_folders(path)
        found, _ = recordings_in(path)
        sigmf = tuple(each for each in found if _in_sigmf(each))
        if len(sigmf) < len(found) or not found:
            raise DatasetError(
                f"{path} holds no sub-folders of classes; make one for each class, or name a table "
                "of files and labels"
            )
        return list_annotations(sigmf, read_options)
    if not path.is_file():
        raise DatasetError(f"no file {path}")
    if _in_sigmf(path):
        return list_annotations((path,), read_options)
    if is_recording_table(path):
        return list_table(path)
    refuse_unlabelled(path)
    raise DatasetError(
        f"{path} is neither a folder with a folder of recordings for each class, nor a table of "
        "files and labels, nor a recording in SigMF; name one of these"
    )


def refuse_unlabelled(path: Path) -> None:
    """Refuse a file that is a recording or a table, but states no labels."""
    if path.name.endswith(".sigmf-data"):
        raise DatasetError(
            f"{path} holds the samples of a recording in SigMF; name its metadata, "
            f"{path.with_suffix('.sigmf-meta').name}"
        )
    if is_table(path):
        list_table(path)
    if path.suffix.lower() in _OF_RECORDINGS or is_wav(path):
        raise DatasetError(
            f"{path} is a single recording without labels; put recordings into a folder for each "
            "class, or name a table of files and labels"
        )


def list_splits(path: Path, own: Mapping[str, Path], read_options: ReadOptions) -> Listing:
    """The stretches of a path, and those of paths that are splits by themselves."""
    listings = [list_recordings(path, read_options)]
    for split, other in own.items():
        if not other.is_dir() and other.is_file() and not holds_recordings(other):
            raise DatasetError(
                f"--{split} must be of the same kind as {path}, which holds recordings with "
                f"labels, but {other} does not; name a folder with a folder for each class, a "
                "table of files and labels, or SigMF with annotations"
            )
        found = list_recordings(other, read_options)
        extracts = tuple(replace(each, split=split) for each in found.extracts)
        listings.append(replace(found, extracts=extracts))
    return once_each(joined(listings))


def _in_sigmf(path: Path) -> bool:
    return path.name.endswith(SIGMF)
