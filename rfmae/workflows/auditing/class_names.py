"""Whether the samples of imported classes are what their names say."""

import numpy as np

from rfmae.datasets.store import Dataset
from rfmae.imports.name_checks import ROWS, check_name
from rfmae.records.audit_report import Finding
from rfmae.reporting.audit_place_findings import names_finding
from rfmae.signal.class_matching import table_row

_SPLIT = "train"


def name_finding(dataset: Dataset) -> Finding:
    """From examples of the highest SNR of each class."""
    label, snr_db = dataset.labels(_SPLIT)
    contradicted, verdicts = {}, []
    for c, name in enumerate(dataset.classes):
        row, rows = table_row(name), np.flatnonzero(label == c)
        if row is None or not len(rows):
            verdicts.append("unknown")
            continue
        clearest = rows[snr_db[rows] == snr_db[rows].max()][:ROWS]
        check = check_name(row, dataset.read_observed(_SPLIT, clearest, "waveform").iq)
        verdicts.append(check.verdict)
        if check.verdict == "contradicts":
            contradicted[name] = check.reason
    return names_finding(contradicted, verdicts.count("agrees"), verdicts.count("unknown"))
