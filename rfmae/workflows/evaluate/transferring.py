"""Models on the data sets of others: a matrix, with what each loses against its own test split."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rfmae.artefacts import Card, refuse_occupied
from rfmae.baselines.files import is_baseline, load_baseline
from rfmae.datasets.recipe import SPLITS
from rfmae.datasets.robustness_examples import ALL, available_grids, check_grids, first_rows
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, DatasetError, RfmaeError
from rfmae.evaluation.matching import of_known_classes, unknown_classes
from rfmae.evaluation.predictor import Predictor
from rfmae.evaluation.transfer import drop_between, share_right
from rfmae.inference import load_classifier
from rfmae.progress import Logged, Progress
from rfmae.records import (
    Answers,
    ClassMatch,
    Drop,
    RobustnessGrid,
    Share,
    Transfer,
    TransferCell,
)
from rfmae.reporting.folder import KIND as REPORT
from rfmae.reporting.folder import write_report
from rfmae.reporting.match_notes import RENORMALISED, conditions
from rfmae.reporting.notes import split_reading
from rfmae.reporting.report_record import Report
from rfmae.reporting.transfer_words import transfer_headline, transfer_notes
from rfmae.workflows.evaluate.evaluating import answers_of
from rfmae.workflows.evaluate.functions import is_function
from rfmae.workflows.evaluate.home_data import home_of, repeated_note, trained_on
from rfmae.workflows.evaluate.predictors import is_likelihood, open_predictor
from rfmae.workflows.evaluate.robustness import PER_POINT, measure_robustness
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport, stated_snr_note


def transfer(
    datasets: Mapping[str, Dataset],
    models: Mapping[str, Path],
    folder: Path,
    *,
    per_point: int | None = None,
    renormalised: bool = False,
    robustness: Sequence[str] = (),
    home: Path,
    command: str | None = None,
    device: str = "auto",
    progress: Progress | None = None,
) -> WrittenReport:
    """Evaluate every model on the test split of every data set, and write the report.

    Classes match by name, and accuracy is of the common ones (`evaluate_models`). The data set that
    a model was trained on is looked for by its fingerprint among `datasets`, in `home` and beside
    them; where it is at hand, the drop is the accuracy there, on the same classes and as many
    examples, less that elsewhere. A pair that cannot be evaluated is told with the reason; without
    any pair that can it is an error. `robustness` grids are measured on each data set that has
    them.
    """
    progress = progress or Logged()
    check_grids(robustness)
    refuse_occupied(folder, replaces=REPORT)
    cards = {name: _card(path, device) for name, path in models.items()}
    at_home = {name: home_of(card, datasets.values(), home) for name, card in cards.items()}
    work = _Work(dict(models), per_point, renormalised, device, progress)
    results = {
        (data, name): work.result(datasets[data], name) for data in datasets for name in models
    }
    _check_any(results.values())
    homes = {
        name: work.result(dataset, name) if dataset is not None else None
        for name, dataset in at_home.items()
    }
    matrix = Transfer(
        tuple(models),
        tuple(datasets),
        tuple(
            _cell(data, name, datasets[data], cards[name], result, at_home[name], homes[name])
            for (data, name), result in results.items()
        ),
        {name: _home_words(cards[name], at_home[name]) for name in models},
    )
    report = Report(
        title=f"Transfer of {_counted(models, 'model')} to {_counted(datasets, 'data set')}",
        headline=transfer_headline(matrix),
        provenance={
            "data_sets": {name: _facts(dataset) for name, dataset in datasets.items()},
            "models": {name: str(path) for name, path in models.items()},
            "test_split": split_reading(len(models), per_point),
            **({"command": command} if command else {}),
        },
        robustness=_grids(datasets, results, robustness, progress),
        notes=(
            *transfer_notes(matrix),
            *((RENORMALISED,) if renormalised else ()),
            *_snr_notes(datasets),
            *filter(
                None,
                (
                    repeated_note(name, dataset, at_home[name])
                    for name in models
                    for dataset in datasets.values()
                ),
            ),
        ),
        transfer=matrix,
    )
    return WrittenReport(report, write_report(report, folder))


@dataclass(frozen=True, slots=True)
class _Result:
    """The answers of a model to a data set, or why there are none."""

    predictor: Predictor | None = None
    match: ClassMatch | None = None
    every: Answers | None = None
    error: RfmaeError | None = None

    @property
    def known(self) -> Answers:
        """Those to examples of common classes."""
        assert self.every is not None and self.match is not None
        return of_known_classes(self.every, self.match)


@dataclass(slots=True)
class _Work:
    """Evaluation of models, each on a data set once."""

    models: dict[str, Path]
    per_point: int | None
    renormalised: bool
    device: str
    progress: Progress
    _done: dict[tuple[str, str], _Result] = field(default_factory=dict, init=False)

    def result(self, dataset: Dataset, name: str) -> _Result:
        """What a model answers; computed once for data of one fingerprint."""
        key = (dataset.fingerprint, name)
        if key not in self._done:
            self._done[key] = self._evaluated(dataset, name)
        return self._done[key]

    def _evaluated(self, dataset: Dataset, name: str) -> _Result:
        path, title = self.models[name], f"{name} on {dataset.folder.name}"
        try:
            predictor = open_predictor(dataset, path, self.device, renormalised=self.renormalised)
            match = predictor.match or ClassMatch.same(dataset.classes)
            rows = first_rows(dataset, self.per_point)
            answers = answers_of(dataset, predictor, title, rows, self.progress)
            found = _Result(predictor, match, answers)
            _ = found.known  # there must be examples
        except RfmaeError as error:
            self.progress.note(f"{title} is left out: {error}")
            return _Result(error=error)
        return found


def _check_any(results: Iterable[_Result]) -> None:
    """Raise the first error where nothing could be evaluated."""
    errors = [result.error for result in results]
    if errors and all(errors):
        raise errors[0] or DatasetError("nothing can be evaluated; name models and data sets")


def _cell(
    data: str,
    name: str,
    dataset: Dataset,
    card: Card,
    result: _Result,
    home: Dataset | None,
    at_home: _Result | None,
) -> TransferCell:
    is_home = home is not None and home.fingerprint == dataset.fingerprint
    if result.match is None or result.every is None:
        return TransferCell(data=data, model=name, is_home=is_home, why=str(result.error))
    accuracy = share_right(result.known, result.match.common)
    unknown = unknown_classes(result.every, result.match)
    accepted = Share.of(
        sum(item.accepted.hits for item in unknown), sum(item.accepted.examples for item in unknown)
    )
    return TransferCell(
        data=data,
        model=name,
        is_home=is_home,
        match=result.match,
        accuracy=accuracy,
        unknown_accepted=accepted if unknown else None,
        drop=None if is_home else _drop(at_home, result.match, accuracy),
        differences=() if is_home else conditions(card, dataset.card),
    )


def _drop(at_home: _Result | None, match: ClassMatch, elsewhere: Share) -> Drop | None:
    """What is lost against the same classes at home; None where home is not at hand."""
    if at_home is None or at_home.match is None:
        return None
    ours = {theirs: name for name, theirs in at_home.match.pairs}
    classes = [ours[theirs] for _, theirs in match.pairs if theirs in ours]
    home = share_right(at_home.known, classes)
    return drop_between(home, elsewhere) if home.examples else None


# homes -----------------------------------------------------------------------------------------


def _card(path: Path, device: str) -> Card:
    """The card of a model; a function or a likelihood receiver has none."""
    if is_likelihood(path) or is_function(path):
        return {}
    return load_baseline(path).card if is_baseline(path) else load_classifier(path, device).card


def _home_words(card: Card, home: Dataset | None) -> str:
    named = trained_on(card)
    if named is None:
        return "without a data set of its own, so that no difference is known"
    name = f"{named['name']}-{named['fingerprint']}"
    if home is None:
        return f"trained on {name}, which is not at hand, so that no difference is known"
    return f"trained on {name}, whose test split is home"


# grids -----------------------------------------------------------------------------------------


def _grids(
    datasets: Mapping[str, Dataset],
    results: Mapping[tuple[str, str], _Result],
    names: Sequence[str],
    progress: Progress,
) -> tuple[RobustnessGrid, ...]:
    """Every grid on each data set that has it, named by it where there are several."""
    found: list[RobustnessGrid] = []
    for data, dataset in datasets.items():
        able = {
            name: result.predictor
            for (of, name), result in results.items()
            if of == data and result.predictor is not None
        }
        available = available_grids(dataset)
        wanted = [name for name in names if name == ALL or name in available]
        for name in set(names) - set(wanted):
            progress.note(f"{data} has no grid {name}; available: {', '.join(available)}")
        grids = measure_robustness(dataset, able, wanted, PER_POINT, progress) if able else ()
        suffix = f", on {data}" if len(datasets) > 1 else ""
        found += (replace(grid, what=f"{grid.what}{suffix}") for grid in grids)
    return tuple(found)


def _snr_notes(datasets: Mapping[str, Dataset]) -> Iterator[str]:
    for name, dataset in datasets.items():
        if note := stated_snr_note(dataset):
            yield f"{name}: {note}"


def _facts(dataset: Dataset) -> dict[str, Any]:
    return {
        "data_set": f"{dataset.name}-{dataset.fingerprint}",
        "classes": list(dataset.classes),
        "snr_reference": dataset.snr_reference,
        "examples": {split: dataset.examples(split) for split in SPLITS},
    }


def _counted(items: Mapping[str, Any], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"


def dataset_names(folders: Sequence[Path]) -> list[str]:
    """A short name for each data set: its folder's, with its parent's where two have the same."""
    paths = [folder.resolve() for folder in folders]
    if len(set(paths)) < len(paths):
        raise CheckpointError("a data set was named twice; name each once")
    short = [path.name for path in paths]
    if len(set(short)) == len(short):
        return short
    return [f"{path.parent.name}-{path.name}" for path in paths]
