"""All measures of one classifier together."""

from collections.abc import Mapping, Sequence

import numpy as np

from rfmae.evaluation.calibration import calibration
from rfmae.evaluation.classification import counted, macro_f1, snr_bands, top_confusions
from rfmae.evaluation.gaps import gap, merged
from rfmae.evaluation.selective import selective
from rfmae.records import Answers, Assessment, Band, Ceiling, Share, SnrReport, weighted


def assess(
    answers: Answers,
    *,
    ceilings: Mapping[str, Ceiling],
    image: str | None,
    groups: Sequence[Sequence[str]],
    temperature: float | None,
) -> Assessment:
    """All measures that can be computed from the answers of one classifier.

    `ceilings` are those of the data set, at its SNR points; `image` names the one of the planes the
    model sees, None where it sees the sequence. `groups` are classes that send the same signals;
    `temperature` is the one already applied to the probabilities, if any.
    """
    report, as_merged = counted(answers), counted(merged(answers, groups))
    return Assessment(
        macro_f1=float(macro_f1(report.confusion)),
        macro_f1_per_snr=macro_f1(report.counts),
        bands=bands(report, ceilings),
        merged=Share.of(int(as_merged.hits_per_snr.sum()), as_merged.examples),
        merged_per_snr=as_merged.accuracy_per_snr,
        confusions=top_confusions(report),
        calibration=calibration(answers, temperature=temperature),
        selective=selective(answers),
        gap=gap(report, ceilings, image),
    )


def bands(report: SnrReport, ceilings: Mapping[str, Ceiling]) -> tuple[Band, ...]:
    """Accuracy over the low, the middle and the high third of the SNR points."""
    return tuple(_band(report, list(points), ceilings) for points in snr_bands(report.snr_db))


def _band(report: SnrReport, points: list[int], ceilings: Mapping[str, Ceiling]) -> Band:
    snr_db = np.array(report.snr_db)[points]
    examples = report.examples_per_snr[points]
    return Band(
        from_db=float(snr_db.min()),
        to_db=float(snr_db.max()),
        accuracy=Share.of(int(report.hits_per_snr[points].sum()), int(examples.sum())),
        macro_f1=float(macro_f1(report.counts[points].sum(axis=0))),
        ceiling={
            name: weighted(ceiling.accuracy[points], examples) for name, ceiling in ceilings.items()
        },
    )
