"""What came out of an exam in one sentence."""

import numpy as np
import pytest
from made_up import made_up_ceiling

from rfmae.evaluation.assessing import assess
from rfmae.records import Answers
from rfmae.workflows.evaluate.evaluating import Results
from rfmae.workflows.evaluate.headlines import headline, share_of_ceiling

SNR_DB = (0.0, 10.0)
CLASSES = ("BPSK", "QPSK")


def answers_of(right, examples=1_000):
    """So many of the examples named right, half of them at each SNR point."""
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
    return Results({}, answers, assessments, limits)


SEQUENCE = ceiling_of("sequence", [0.9, 1.0])
SYMBOLS = ceiling_of("symbols", [0.7, 0.9], snr="unknown")


def test_the_first_model_is_told_with_its_interval_and_the_others_after_it():
    message = headline(results_of({"ours": answers_of(720), "theirs": answers_of(700)}))
    assert message == (
        "ours names 72.0 % (69.1–74.7) of 1,000 test examples right; theirs: 70.0 % (67.1–72.8)"
    )


def told_of(results, name="ours"):
    return share_of_ceiling(results.accuracy[name], results.assessments[name], results.ceilings)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (
            "symbols, SNR unknown",
            "90.0 % of the 80.0 % that images of symbols allow whoever is not told the SNR",
        ),
        (None, "75.8 % of the 95.0 % that the sequence allows"),
        ("trajectory", "75.8 % of the 95.0 % that the sequence allows"),
    ],
    ids=["images", "the sequence", "images whose ceiling is unknown"],
)
def test_a_model_is_held_against_the_ceiling_of_what_it_sees(image, words):
    results = results_of({"ours": answers_of(720)}, [SEQUENCE, SYMBOLS], image)
    assert told_of(results) == words
    assert headline(results).endswith(f"right, {words}")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("symbols, trajectory", "images of symbols and trajectory allow"),
        ("published picture", "the published picture allows"),
    ],
)
def test_the_ceiling_of_an_image_is_called_by_what_it_shows(kind, words):
    ceiling = ceiling_of(kind, [0.8, 0.8])
    results = results_of({"ours": answers_of(720)}, [ceiling], ceiling.name)
    assert told_of(results) == f"90.0 % of the 80.0 % that {words} whoever is told the SNR"


def test_what_a_reader_reached_is_no_bound_and_is_not_called_one():
    reached = ceiling_of("symbols", [0.7, 0.9], is_bound=False, snr="unknown")
    results = results_of({"ours": answers_of(720)}, [SEQUENCE, reached], reached.name)
    assert told_of(results) == (
        "90.0 % of what one reader reached that is not told the SNR and sees images of symbols "
        "(80.0 %)"
    )


def test_where_no_ceiling_is_known_none_is_told():
    results = results_of({"ours": answers_of(720)})
    assert told_of(results) == ""
    assert headline(results).endswith("test examples right")
