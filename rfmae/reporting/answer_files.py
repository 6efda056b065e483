"""Predictions of models beside a report: one NumPy archive for each."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from rfmae.errors import ArtefactError, RfmaeError
from rfmae.records import Answers
from rfmae.reporting.report_record import Report

ANSWERS = "answers"
"""The folder of a report with the predictions of each model."""

NO_ANSWERS: Mapping[str, Answers] = {}


def write_answers(answers: Mapping[str, Answers], folder: Path) -> None:
    """An archive a model with `probabilities` (N, M) float32, `label` (N,), `snr_db` (N,)."""
    if not answers:
        return
    (folder / ANSWERS).mkdir()
    for name, item in answers.items():
        np.savez_compressed(
            folder / ANSWERS / f"{name}.npz",
            probabilities=item.probabilities.astype(np.float32),
            label=item.label,
            snr_db=item.snr_db,
        )


def read_answers(report: Report, folder: Path) -> dict[str, Answers]:
    """The predictions of the models of a report, where they were kept."""
    kept = {name: folder / ANSWERS / f"{name}.npz" for name in report.accuracy}
    return {name: _read(path, report, name) for name, path in kept.items() if path.is_file()}


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
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, RfmaeError) as error:
        reason = " ".join(str(error).split())
        raise ArtefactError(f"the answers {path} cannot be read: {reason}; remove them") from error
