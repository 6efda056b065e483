"""Recordings of known samples on the disk."""

import json

import numpy as np

from rfmae.captures.record import Annotation
from rfmae.captures.sigmf_writing import write_sigmf


def noise(seed, count):
    """Samples that tell every place from every other."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=count) + 1j * rng.normal(size=count)).astype(np.complex64)


def class_folders(folder, counts, length=1000):
    """Folders named by class with so many recordings of each; the samples by path."""
    written = {}
    for place, (name, count) in enumerate(counts.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            path = folder / name / f"rec{number}.cf32"
            written[path] = noise(100 * place + number, length)
            written[path].tofile(path)
    return written


def annotated(path, marks, length=5000, seed=0, **stated):
    """A recording in SigMF with annotations: first sample, count, label, SNR; its samples."""
    iq = noise(seed, length)
    meta = write_sigmf(
        path,
        iq,
        sample_rate_hz=1e6,
        annotations=[Annotation(first, count, label) for first, count, label, _ in marks],
        **stated,
    )
    content = json.loads(meta.read_text())
    for fields, mark in zip(content["annotations"], sorted(marks), strict=True):
        if mark[3] is not None:
            fields["rfmae:snr_db"] = mark[3]
    meta.write_text(json.dumps(content))
    return iq
