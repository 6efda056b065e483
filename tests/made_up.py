"""Records with arbitrary values, for tests."""

import numpy as np

from rfmae.records import Ceiling


def made_up_ceiling(accuracy, *, classes, snr_db, groups=None, kind="sequence", **changes):
    """A ceiling that both its estimates put at `accuracy` (S,)."""
    accuracy = np.asarray(accuracy, float)
    groups = tuple((name,) for name in classes) if groups is None else groups
    facts = {
        "symbols_per_example": 128,
        "phase": "unknown",
        "snr": "known",
        "amplitude": "known",
        "frames_per_group": 400,
        "is_bound": True,
        "hit_rate": accuracy,
        "mean_posterior": accuracy,
        "posterior_error": np.zeros(len(snr_db)),
        "merged_hit_rate": accuracy,
        "merged_mean_posterior": accuracy,
        "recall": np.ones((len(snr_db), len(groups))),
    }
    return Ceiling(
        kind=kind,
        classes=classes,
        groups=groups,
        snr_db=snr_db,
        snr_reference="symbol",
        **facts | changes,
    )
