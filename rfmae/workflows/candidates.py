"""Who sits an exam: trained classifiers by their folders, the likelihood receiver by its name."""

from dataclasses import dataclass, replace
from pathlib import Path

from rfmae.artefacts import Card
from rfmae.baselines.likelihood import LikelihoodReceiver
from rfmae.datasets.recipe import load_recipe
from rfmae.datasets.store import Dataset
from rfmae.errors import CheckpointError, DatasetError
from rfmae.evaluation.classification import Exam, Predict
from rfmae.inference import load_classifier
from rfmae.records import FloatArray, View
from rfmae.theory.ceiling import check_laws, needs_waveform
from rfmae.theory.frames import Knowledge
from rfmae.theory.laws import law_of
from rfmae.theory.question import PublishedQuestion, Question
from rfmae.workflows.ceiling import question_of_recipe

LIKELIHOOD: dict[str, Knowledge] = {"likelihood": "known", "likelihood-blind": "unknown"}
"""Names of receivers that need no training, and whether they are told the SNR."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What answers an exam, the views that it asks for, and what it is."""

    answer: Predict
    views: tuple[View, ...]
    card: Card


def is_likelihood(path: Path) -> bool:
    """Whether a model's name means a likelihood receiver; a folder of that name comes first."""
    return str(path) in LIKELIHOOD and not path.exists()


def open_candidate(dataset: Dataset, path: Path, device: str) -> Candidate:
    """A candidate that knows just the classes of a data set."""
    return (
        _likelihood(dataset, str(path)) if is_likelihood(path) else _trained(dataset, path, device)
    )


def _trained(dataset: Dataset, path: Path, device: str) -> Candidate:
    classifier = load_classifier(path, device)
    if classifier.classes != dataset.classes:
        raise CheckpointError(
            f"{path} knows the classes {', '.join(classifier.classes)}, but {dataset.folder.name} "
            f"holds {', '.join(dataset.classes)}; fine-tune on this data set"
        )

    def answer(exam: Exam) -> FloatArray:
        return classifier({view: batch.iq for view, batch in exam.items()})

    return Candidate(answer, classifier.views, classifier.card)


def _likelihood(dataset: Dataset, name: str) -> Candidate:
    """The likelihood receiver of the recipe that a data set was made from."""
    if not dataset.has_clean:
        raise DatasetError(
            f"the likelihood receiver must know how signals are made, but {dataset.folder} was "
            "recorded or imported; name a synthetic data set"
        )
    recipe = load_recipe(dataset.folder / "recipe.toml")
    question = question_of_recipe(recipe)
    if isinstance(question, PublishedQuestion):
        raise DatasetError(
            f"there is no likelihood receiver of published signals, as {dataset.folder} holds; "
            "their ceiling is what `rfmae ceiling` says"
        )
    check_laws(question)
    view = _view(dataset, question)
    if view == "waveform" and recipe.source.receiver.waveform == "filtered":
        raise DatasetError(
            "the likelihood receiver needs waveforms in white noise, but those of "
            f"{dataset.folder} have passed the matched filter; "
            'write waveform = "received" in source.receiver'
        )
    receiver = LikelihoodReceiver(replace(question, snr=LIKELIHOOD[name]), view=view)

    def answer(exam: Exam) -> FloatArray:
        batch = exam[receiver.view]
        return receiver(batch.iq, batch.snr_db)

    return Candidate(answer, (receiver.view,), {"kind": f"{name} receiver"})


def _view(dataset: Dataset, question: Question) -> View:
    """The waveform where a class asks for it and it is held."""
    laws = [law_of(row, question.pulse, question.rate) for row in question.modulations]
    wanted: View = "waveform" if needs_waveform(laws) else "symbols"
    return wanted if wanted in dataset.views else dataset.views[0]
