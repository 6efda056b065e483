"""Tables of models whose class list is not that of the data set."""

from collections.abc import Mapping

from rfmae.records import Assessment, Confusion, Share, SnrReport
from rfmae.reporting.table import COUNT, PERCENT, Column, Format, Ranged, Table, tabulated

_SCORE = Format(".3f")
_NAMED = 2  # answers beside each other


def recall_table(accuracy: Mapping[str, SnrReport], assessments: Mapping[str, Assessment]) -> Table:
    """The recall of each common class in %, and what the rest were called most often."""
    rows = [
        (name, true, *_recall(accuracy[name], true))
        for name, item in assessments.items()
        if item.match is not None and not item.match.is_whole
        for true in accuracy[name].held
    ]
    return tabulated(
        rows,
        {
            Column("model"): lambda name, *_: name,
            Column("class"): lambda name, true, *_: accuracy[name].classes[true],
            Column("recall (95 %)", PERCENT): lambda _, __, share, *___: Ranged.of(share),
            Column("the rest called"): lambda *row: row[3],
            Column("examples", COUNT): lambda _, __, share, *___: share.examples,
        },
    )


def _recall(report: SnrReport, true: int) -> tuple[Share, str]:
    counts = report.confusion[true].copy()
    total = int(counts.sum())
    right = Share.of(int(counts[true]), total)
    counts[true] = 0
    order = sorted(range(len(counts)), key=lambda named: -int(counts[named]))
    others = [
        Confusion(report.classes[true], report.classes[named], Share.of(int(counts[named]), total))
        for named in order[:_NAMED]
        if counts[named]
    ]
    return right, _called(others)


def unknown_class_table(assessments: Mapping[str, Assessment]) -> Table:
    """What each model makes of classes that it never learnt, in % of their examples."""
    rows = [(name, one) for name, item in assessments.items() for one in item.unknown_classes]
    return tabulated(
        rows,
        {
            Column("model"): lambda name, _: name,
            Column("unknown class"): lambda _, one: one.name,
            Column("accepted (95 %)", PERCENT): lambda _, one: Ranged.of(one.accepted),
            Column("named"): lambda _, one: _called(one.named[:_NAMED]),
            Column("AUROC", _SCORE): lambda _, one: one.open_set.auroc,
            Column("accepted from a confidence of", _SCORE): lambda _, one: one.threshold,
            Column("examples", COUNT): lambda _, one: one.accepted.examples,
        },
    )


def _called(named: list[Confusion] | tuple[Confusion, ...]) -> str:
    words = (f"{one.named} {100 * one.share.value:.1f} %" for one in named)
    return ", ".join(words) or "–"
