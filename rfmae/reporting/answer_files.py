"""Predictions of models beside a report: one NumPy archive for each."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from rfmae.errors import ARRAY_DAMAGES, ArtefactError, RfmaeError, first_line
from rfmae.records import Answers
from rfmae.reporting.report_record import Report

ANSWERS = "answers"
"""The folder of a report with the predictions of each model."""

_DAMAGES: tuple[type[Exception], ...] = (*ARRAY_DAMAGES, RfmaeError)

NO_ANSWERS: Mapping[str, Answers] = {}


def write_answers(answers: Mapping[str, Answers], folder: Path) -> None:
    """An archive a model with `probabilities` (N, M) float32, `label` (N,), `snr_db` (N,)."""
    if not answers:
        return
    (folder / ANSWERS).mkdir()
    files = _files(answers)
    for name, item in answers.items():
        np.savez_compressed(
            folder / ANSWERS / files[name],
            probabilities=item.probabilities.astype(np.float32),
            label=item.label,
            snr_db=item.snr_db,
        )


def read_answers(report: Report, folder: Path) -> dict[str, Answers]:
    """The predictions of the models of a report, where they were kept."""
    files = _files(report.accuracy)
    # older reports have spaces in the names of these files
    kept = {
        name: [folder / ANSWERS / file for file in (files[name], f"{name}.npz")]
        for name in report.accuracy
    }
    return {
        name: _read(path, report, name)
        for name, paths in kept.items()
        for path in [path for path in paths if path.is_file()][:1]
    }


def _files(names: Iterable[str]) -> dict[str, str]:
    """A file for each model, without spaces; one that is taken has a number."""
    files: dict[str, str] = {}
    for name in names:
        stem = file = "-".join(name.split())
        while f"{file}.npz" in files.values():
            file = f"{stem}-{len(files) + 1}"
        files[name] = f"{file}.npz"
    return files


def _read(path: Path, report: Report, name: str) -> Answers:
    counts = report.accuracy[name]
    try:
        with np.load(path, allow_pickle=False) as held:
            return Answers(
                probabilities=held["probabilities"],
                label=held["label"],
                snr_db=held["snr_db"],
                classes=counts.classes,
                grid_db=counts.snr_db,
                snr_reference=counts.snr_reference,
            )
    except _DAMAGES as error:
        reason = first_line(error)
        raise ArtefactError(f"the answers {path} cannot be read: {reason}; remove them") from error
