"""The headline of an evaluation: short, with interval and ceiling."""

from typing import NamedTuple

import numpy as np
import pytest
from made_up import made_up_ceiling

from rfmae.evaluation.assessing import assess
from rfmae.evaluation.classification import counted
from rfmae.records import Answers, Assessment, Ceiling, SnrReport
from rfmae.reporting.headlines import accuracy_headline, ceiling_clause

SNR_DB = (0.0, 10.0)
CLASSES = ("BPSK", "QPSK")
MOST_WORDS = 20


class Results(NamedTuple):
    """What a headline is made of, by model."""

    accuracy: dict[str, SnrReport]
    assessments: dict[str, Assessment]
    ceilings: dict[str, Ceiling]


def answers_of(right, examples=1_000):
    """So many correct examples, half of them at each SNR point."""
    named = np.repeat([0, 1], [right, examples - right])
    snr_db = np.array(SNR_DB)[np.arange(examples) % 2]
    return Answers(np.eye(2)[named], np.zeros(examples, int), snr_db, CLASSES, SNR_DB, "symbol")


def ceiling_of(kind, accuracy, is_bound=True, snr="known"):
    return made_up_ceiling(
        accuracy, classes=CLASSES, snr_db=SNR_DB, kind=kind, is_bound=is_bound, snr=snr
    )


def results_of(answers, ceilings=(), image=None):
    limits = {ceiling.name: ceiling for ceiling in ceilings}
    assessments = {
        name: assess(item, ceilings=limits, image=image, groups=(), temperature=None)
        for name, item in answers.items()
    }
    accuracy = {name: counted(item) for name, item in answers.items()}
    return Results(accuracy, assessments, limits)


SEQUENCE = ceiling_of("sequence", [0.9, 1.0])
SYMBOLS = ceiling_of("symbols", [0.7, 0.9], snr="unknown")
REACHED = ceiling_of("symbols", [0.7, 0.9], is_bound=False, snr="unknown")


def test_the_first_model_comes_with_its_interval_and_the_other_after_it():
    results = results_of({"ours": answers_of(720), "theirs": answers_of(700)})
    assert headline(results) == "ours: 72.0 % (69.1–74.7) right; theirs: 70.0 %."


def test_of_several_others_the_best_is_named():
    right = {"ours": 720, "one": 650, "two": 700, "three": 690}
    results = results_of({name: answers_of(hits) for name, hits in right.items()})
    assert headline(results).endswith("right; best of 3 others: two 70.0 %.")


def headline(results):
    return accuracy_headline(results.accuracy, results.assessments, results.ceilings)


def clause_of(results, name="ours"):
    return ceiling_clause(results.accuracy[name], results.assessments[name], results.ceilings)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("symbols, SNR unknown", "image ceiling 80.0 %, SNR unknown"),
        (None, "ceiling 95.0 %"),
        ("trajectory", "ceiling 95.0 %"),
    ],
    ids=["images", "the sequence", "images whose ceiling is unknown"],
)
def test_a_model_is_compared_with_the_ceiling_of_what_it_sees(image, words):
    results = results_of({"ours": answers_of(720)}, [SEQUENCE, SYMBOLS], image)
    assert clause_of(results) == words
    assert headline(results).endswith(f"right; {words}.")


@pytest.mark.parametrize("kind", ["symbols, trajectory", "published picture"])
def test_the_ceiling_of_any_image_is_called_an_image_ceiling(kind):
    ceiling = ceiling_of(kind, [0.8, 0.8])
    results = results_of({"ours": answers_of(720)}, [ceiling], ceiling.name)
    assert clause_of(results) == "image ceiling 80.0 %, SNR known"


def test_a_lower_bound_is_called_one():
    results = results_of({"ours": answers_of(720)}, [SEQUENCE, REACHED], REACHED.name)
    assert clause_of(results) == "image ceiling at least 80.0 %, SNR unknown"


def test_without_a_known_ceiling_there_is_none_in_the_headline():
    results = results_of({"ours": answers_of(720)})
    assert clause_of(results) == ""
    assert headline(results) == "ours: 72.0 % (69.1–74.7) right."


@pytest.mark.parametrize(
    "names",
    [
        ("cnn",),
        ("linear probe", "nearest neighbours"),
        ("pre-trained", "scratch", "cnn", "resnet", "likelihood-blind"),
    ],
    ids=["one model", "probes", "five models"],
)
@pytest.mark.parametrize("ceilings", [(), (SEQUENCE,), (SEQUENCE, REACHED)], ids=len)
def test_a_headline_has_at_most_twenty_words(names, ceilings):
    answers = {name: answers_of(700 - place) for place, name in enumerate(names)}
    results = results_of(answers, ceilings, REACHED.name)
    assert len(headline(results).split()) <= MOST_WORDS
