"""A folder with one sub-folder for each class, which holds its recordings."""

import json
from pathlib import Path

from rfmae.errors import DatasetError
from rfmae.imports.recordings.extracts import Extract, Listing

_BESIDE = {
    *(".txt", ".md", ".rst", ".json", ".xml", ".csv", ".log", ".toml", ".yaml", ".yml", ".ini"),
    *(".pdf", ".html", ".png", ".jpg", ".jpeg", ".svg", ".py", ".m", ".sha256", ".md5"),
}
"""Suffixes of what lies beside recordings, such as the .TXT of the PortaPack."""

SIGMF = (".sigmf-meta", ".sigmf", ".sigmf.gz", ".sigmf.xz", ".sigmf.zip", ".sigmf-collection")
"""How the names of recordings in SigMF end, of those that name a recording alone."""


def has_class_folders(folder: Path) -> bool:
    """Whether there are recordings in a sub-folder."""
    return any(recordings_in(each)[0] for each in _folders(folder))


def list_class_folders(folder: Path) -> Listing:
    """The recordings of every sub-folder, labelled by its name."""
    loose, _ = recordings_in(folder, deep=False)
    if loose:
        raise DatasetError(
            f"{folder} holds recordings in sub-folders of classes, but {loose[0].name} lies beside "
            "them; put it into one, or name a table of files and labels instead"
        )
    extracts, aside = [], 0
    for each in _folders(folder):
        paths, others = recordings_in(each)
        extracts += [Extract(path, each.name) for path in paths]
        aside += others
    notes = (f"{aside} files beside the recordings are no recordings by their names",)
    return Listing(tuple(extracts), notes=notes if aside else ())


def recordings_in(folder: Path, *, deep: bool = True) -> tuple[list[Path], int]:
    """The recordings of a folder in order, with those of its folders, and the number of others.

    The data of a recording in SigMF belong to its metadata, whatever they are called.
    """
    found = folder.rglob("*") if deep else folder.glob("*")
    files = sorted(path for path in found if path.is_file() and not _is_hidden(path, folder))
    data = {path for meta in files if meta.suffix == ".sigmf-meta" for path in _data_of(meta)}
    listed = [path for path in files if path not in data and path.suffix != ".sigmf-collection"]
    kept = [path for path in listed if path.suffix.lower() not in _BESIDE]
    return kept, len(listed) - len(kept)


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and each.name[0] not in "._")


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _data_of(meta: Path) -> list[Path]:
    try:
        content = json.loads(meta.read_text(encoding="utf-8"))
        named = content["global"].get("core:dataset")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        named = None  # what is damaged is told when it is opened
    other = [meta.with_name(named)] if isinstance(named, str) and named else []
    return [meta.with_suffix(".sigmf-data"), *other]
