"""Rendering of stored reports, one again or several joined."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rfmae.artefacts import refuse_occupied
from rfmae.errors import ArtefactError
from rfmae.evaluation.comparison import compared_again
from rfmae.records import Answers
from rfmae.reporting.answer_files import read_answers
from rfmae.reporting.folder import KIND, read_report, write_report
from rfmae.reporting.headlines import joined_headline
from rfmae.reporting.joining import check_same_examples, joined, with_distinct_names
from rfmae.reporting.report_record import Report
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport


def report(folders: Sequence[Path], out: Path | None = None, *, seed: int = 0) -> WrittenReport:
    """Render one report again from its JSON, or join several on the same examples.

    Models are compared again, example by example, where their predictions were kept; `seed` is that
    of the bootstrap. Without `out`, one report is rendered again in place.
    """
    if not folders:
        raise ArtefactError("a report must be named, got none; name its folder")
    if out is None and len(folders) > 1:
        raise ArtefactError(f"{len(folders)} reports are joined into a new folder; name --out")
    # that each is a report, before anything is said of where to write
    reports = [read_report(folder) for folder in folders]
    target = out or folders[0]
    refuse_occupied(target, replaces=KIND)
    if len(folders) == 1:
        content = reports[0]
        answers = read_answers(content, folders[0])
    else:
        content, answers = _together(folders, reports, seed)
    return WrittenReport(content, write_report(content, target, answers))


def _together(
    folders: Sequence[Path], reports: Sequence[Report], seed: int
) -> tuple[Report, dict[str, Answers]]:
    """Several reports joined, with the predictions of their models."""
    names = _names(folders)
    found = dict(zip(names, reports, strict=True))
    check_same_examples(found)
    distinct = with_distinct_names(found)
    answers: dict[str, Answers] = {}
    for name, folder in zip(names, folders, strict=True):
        kept = read_answers(found[name], folder)
        news = dict(zip(found[name].accuracy, distinct[name].accuracy, strict=True))
        answers |= {news[model]: item for model, item in kept.items() if news[model] not in answers}
    content = joined(distinct, f"{' and '.join(names)}, joined")
    comparisons = compared_again(answers, content.comparisons, seed)
    return replace(content, headline=joined_headline(content), comparisons=comparisons), answers


def _names(folders: Sequence[Path]) -> list[str]:
    """The name of each folder, with that of its parent where two have the same."""
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise ArtefactError("a report was named twice; name each once")
    short = [path.name for path in paths]
    if len(set(short)) == len(short):
        return short
    return [f"{path.parent.name}-{path.name}" for path in paths]
