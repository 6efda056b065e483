"""Facts about data sets and recordings as plain JSON."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rfmae.artefacts import Card
from rfmae.captures.levels import peak_level_db, rms_level_db
from rfmae.captures.reading import Capture
from rfmae.datasets.counts import example_counts, sampled_ranges
from rfmae.datasets.store import Dataset
from rfmae.errors import DatasetError
from rfmae.imports.arrays.array_files import open_arrays
from rfmae.imports.arrays.array_source import ArrayFile
from rfmae.imports.recordings.extracts import Listing
from rfmae.imports.sources import Facts


def dataset_facts(dataset: Dataset) -> Card:
    """The card with counts per class and SNR, ranges of channel parameters, and size on disk.

    `counts` maps each split and class to the examples at every point of its `snr_db`, null for
    an SNR that is not stated; `drawn_ranges` holds the least and the largest value.
    """
    points, counts = example_counts(dataset)
    return {
        **dataset.card,
        "counts": {
            "snr_db": [round(point, 6) if math.isfinite(point) else None for point in points],
            **counts,
        },
        "drawn_ranges": sampled_ranges(dataset),
        "bytes": sum(file.stat().st_size for file in dataset.folder.iterdir() if file.is_file()),
    }


def capture_facts(capture: Capture) -> Card:
    """Length, rate, type and level of a recording, its segments and its annotations.

    The levels are in dB over amplitude 1, full scale where the file holds whole numbers; that of
    the peak is of the larger of I and Q. All-zero I/Q has none. Unknown values are left out.
    """
    return {
        "kind": "recording",
        "samples": len(capture.iq),
        "sample_rate_hz": capture.sample_rate_hz,
        "seconds": len(capture.iq) / capture.sample_rate_hz,
        "datatype": capture.datatype,
        "labels": list(capture.labels),
        "rms_level_db": rms_level_db(capture.iq),
        "peak_level_db": peak_level_db(capture.iq),
        "segments": [_stated(asdict(segment)) for segment in capture.segments],
        "annotations": [_stated(asdict(mark)) for mark in capture.annotations],
        "notes": [*capture.notes, *capture.doubts],
    }


def collection_facts(path: Path, captures: Sequence[Capture]) -> Card:
    """The recordings of a SigMF collection, each with length, rate, type and level."""
    names = ("samples", "sample_rate_hz", "datatype", "rms_level_db", "labels")
    return {
        "kind": "collection of recordings",
        "name": path.name,
        "recordings": [
            {
                "name": capture.path.name,
                **{name: capture_facts(capture)[name] for name in names},
            }
            for capture in captures
        ],
        "notes": [
            f"{capture.path.name}: {note}"
            for capture in captures
            for note in (*capture.notes, *capture.doubts)
        ],
    }


def listing_facts(path: Path, listing: Listing) -> Card:
    """Recordings before their import: how many of each class, without reading their samples."""
    labels = Counter(extract.label for extract in listing.extracts)
    return {
        "kind": "recordings before import",
        "name": path.name,
        listing.called: len(listing.extracts),
        "classes": dict(sorted(labels.items())),
        "notes": list(listing.notes),
        "way_on": "rfmae import --samples",
    }


def source_facts(form: str, facts: Facts) -> Card:
    """Facts about a public data set before its import."""
    return {
        "kind": f"{form} before import",
        "name": facts.name,
        "about": facts.about,
        "classes": list(facts.classes),
        "examples": facts.rows,
        "samples": facts.samples,
        "samples_per_symbol": facts.samples_per_symbol,
        "own_test_split": facts.test_from is not None,
        "notes": list(facts.notes),
        "way_on": "rfmae import",
    }


def array_facts(path: Path) -> Card:
    """The arrays of a file by their place, whose labels may be in another file."""
    arrays = open_arrays(path)
    return {
        "kind": "arrays before import",
        "arrays": {
            "/".join(place) or "array": f"{array.dtype} {' x '.join(map(str, array.shape))}"
            for place, array in arrays.items()
        },
        "import": _import_of(path),
        "way_on": "rfmae import",
    }


def _import_of(path: Path) -> str:
    """How an import would read the arrays, or what it would ask for."""
    try:
        return "; ".join(note for note in ArrayFile(path).facts.notes if note.startswith("read "))
    except DatasetError as problem:
        return str(problem)


def _stated(record: dict[str, Any]) -> dict[str, Any]:
    """Without empty strings and nan."""
    return {
        name: value
        for name, value in record.items()
        if value != "" and not (isinstance(value, float) and math.isnan(value))
    }
