"""Evaluation: every predictor classifies the same test examples once, and is assessed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rfmae.artefacts import Card, read_card
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.robustness_examples import first_rows
from rfmae.datasets.store import Dataset
from rfmae.errors import RfmaeError
from rfmae.evaluation.assessing import assess
from rfmae.evaluation.classification import EvaluationBatch, collect_answers, counted
from rfmae.evaluation.matching import of_known_classes, unknown_classes
from rfmae.evaluation.predictor import Predictor
from rfmae.progress import Progress
from rfmae.records import (
    Answers,
    Assessment,
    Ceiling,
    ClassMatch,
    IntArray,
    SnrReport,
    image_config_from_card,
)
from rfmae.reporting.ceiling_shortfall import shortfall_notes
from rfmae.reporting.headlines import accuracy_headline
from rfmae.workflows.ceilings import (
    ceiling_spec_of,
    image_whats,
    known_ceilings,
    with_unknown_snr,
)
from rfmae.workflows.evaluate.predictors import open_predictor

_BATCH = 128
_SNR = "snr"  # the modality of a model with SNR known


@dataclass(frozen=True, slots=True)
class Results:
    """Predictors evaluated on the same examples, by name, with answers and assessments."""

    predictors: dict[str, Predictor]
    answers: dict[str, Answers]
    assessments: dict[str, Assessment]
    ceilings: dict[str, Ceiling]

    @property
    def accuracy(self) -> dict[str, SnrReport]:
        """The counts of each."""
        return {name: counted(answers) for name, answers in self.answers.items()}

    @property
    def headline(self) -> str:
        """The first model with its interval and its ceiling, and the best of the others."""
        return accuracy_headline(self.accuracy, self.assessments, self.ceilings)

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """Which classes lie far below the ceiling of what a model sees."""
        return shortfall_notes(self.accuracy, self.assessments, self.ceilings)

    @property
    def cards(self) -> dict[str, Card]:
        """The card of each of them, with the training seed where a run records it."""
        return {
            name: {**_training_seed(predictor), **predictor.card}
            for name, predictor in self.predictors.items()
        }


def evaluate_models(
    dataset: Dataset,
    models: dict[str, Path],
    device: str,
    progress: Progress,
    *,
    per_point: int | None = None,
    renormalised: bool = False,
    ceilings_home: Path | None = None,
) -> Results:
    """Answers and assessment of every model; all are opened before the first one is evaluated.

    The whole test split, or the first `per_point` examples of each class and SNR point. Answers
    and counts are of the examples whose class a model knows; what it makes of the others is apart
    (`Assessment.unknown_classes`). Probabilities are over its whole class list, or `renormalised`
    to the classes that the data set holds. Ceilings are those that come with rfmae or are in
    `ceilings_home`; none is computed.
    """
    predictors = {
        name: open_predictor(dataset, path, device, renormalised=renormalised)
        for name, path in models.items()
    }
    ceilings = ceilings_of(dataset, ceilings_home)
    rows = first_rows(dataset, per_point)
    every = {
        name: answers_of(dataset, predictor, name, rows, progress)
        for name, predictor in predictors.items()
    }
    answers = {name: _known(answers, predictors[name].match) for name, answers in every.items()}
    assessments = {
        name: _assessed(dataset, predictor, every[name], answers[name], ceilings)
        for name, predictor in predictors.items()
    }
    return Results(predictors, answers, assessments, ceilings)


def _known(answers: Answers, match: ClassMatch | None) -> Answers:
    return answers if match is None else of_known_classes(answers, match)


def _assessed(
    dataset: Dataset,
    predictor: Predictor,
    every: Answers,
    known: Answers,
    ceilings: dict[str, Ceiling],
) -> Assessment:
    """All measures of a model; ceilings are of all classes of the data set or do not hold."""
    match = predictor.match
    limits = {} if match is not None and match.unknown else ceilings
    found = assess(
        known,
        ceilings=limits,
        image=image_seen(dataset, predictor.card, limits),
        groups=dataset.card["same_signals"],
        temperature=predictor.card.get("temperature"),
    )
    if match is None or (match.is_whole and not match.renamed):
        return found
    return replace(found, match=match, unknown_classes=unknown_classes(every, match))


def ceilings_of(dataset: Dataset, home: Path | None = None) -> dict[str, Ceiling]:
    """The known ceilings of a data set, by what the receiver sees."""
    if not dataset.has_clean:
        return {}  # recorded or imported: there is no signal model
    return known_ceilings(load_recipe(dataset.folder / "recipe.toml"), home)


def image_seen(dataset: Dataset, card: Card, ceilings: Collection[str] = frozenset()) -> str | None:
    """The name of the image ceiling of a model; None where it sees more than images.

    SNR known or unknown as for the model. A model with SNR unknown is compared with the ceiling
    of SNR known where only that is among `ceilings`.
    """
    if not dataset.has_clean or not {"image", "modalities"} <= card.keys():
        return None
    if {modality["what"] for modality in card["modalities"]} - {"image", "harmonics", _SNR}:
        return None
    image = image_config_from_card(card["image"])
    try:
        recipe = replace(load_recipe(dataset.folder / "recipe.toml"), image=image)
        known = ceiling_spec_of(recipe, image_whats(recipe))
    except RfmaeError:
        return None  # no likelihood for this link
    if knows_snr(card):
        return known.name
    names = (with_unknown_snr(known).name, known.name)
    return next((name for name in names if name in ceilings), names[0])


def knows_snr(card: Card) -> bool:
    """Whether a model has an estimate of the SNR among its inputs, as its card says."""
    return any(modality["what"] == _SNR for modality in card.get("modalities", ()))


def _training_seed(predictor: Predictor) -> Card:
    """The seed of the run that a predictor comes from."""
    if predictor.origin is None:
        return {}
    model = predictor.origin.model
    for folder in (model, model.resolve().parent.parent):
        config = (read_card(folder) or {}).get("config", {})
        if "plan" in config:
            return {"seed": config["plan"]["seed"]}
    return {}


def answers_of(
    dataset: Dataset, predictor: Predictor, name: str, rows: IntArray, progress: Progress
) -> Answers:
    """The predictions for some rows of the test split, each of which is read once."""

    def batches() -> Iterator[EvaluationBatch]:
        for chunk in np.split(rows, range(_BATCH, len(rows), _BATCH)):
            yield dataset.read_views("test", predictor.views, chunk)

    match = predictor.match
    with progress.stage(f"evaluate {name}", len(rows), "examples") as stage:
        return collect_answers(
            predictor.answer,
            batches(),
            snr_db=dataset.snr_db,
            classes=dataset.classes if match is None else match.column_names,
            snr_reference=dataset.snr_reference,
            advance=stage.advance,
        )
