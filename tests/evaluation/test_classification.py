"""Counts of right and wrong at every SNR."""

import numpy as np
import pytest

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import evaluate_classifier, nearest_point
from rfmae.records import IqBatch

CLASSES = ("OOK", "QPSK", "GMSK")
SNR_DB = (-10.0, 0.0, 10.0)


def batch_of(label, snr_db):
    """A batch whose I/Q tells its class to those who know where to look."""
    label = np.asarray(label)
    iq = np.repeat(label[:, None], 8, axis=1).astype(np.complex64)
    return IqBatch(iq, label, np.asarray(snr_db, float), CLASSES, 8, "symbol")


def balanced():
    """Four examples of every class at every SNR."""
    label, point = np.divmod(np.arange(36) % 9, 3)
    return batch_of(label, np.array(SNR_DB)[point])


def evaluate(predict, batches, **options):
    """The report on a predictor of I/Q."""
    return evaluate_classifier(
        lambda exam: predict(exam["waveform"].iq),
        [{"waveform": batch} for batch in batches],
        snr_db=SNR_DB,
        classes=CLASSES,
        snr_reference="symbol",
        **options,
    )


def perfect(iq):
    return np.eye(3)[iq[:, 0].real.astype(int)]


def constant(iq):
    return np.tile([0.2, 0.5, 0.3], (len(iq), 1))


# --- laws


def test_a_perfect_predictor_is_always_right():
    report = evaluate(perfect, [balanced()])
    assert report.accuracy == 1.0
    assert report.accuracy_per_snr.tolist() == [1.0, 1.0, 1.0]
    assert report.confusion.tolist() == np.diag([12, 12, 12]).tolist()


def test_a_constant_predictor_is_right_by_chance():
    report = evaluate(constant, [balanced()])
    assert report.accuracy == pytest.approx(1 / 3)
    assert report.accuracy_per_snr.tolist() == pytest.approx([1 / 3] * 3)
    assert report.confusion[:, 1].tolist() == [12, 12, 12]


def test_every_example_is_counted_once_in_its_own_cell(rng):
    label, point = rng.integers(3, size=(2, 200))
    answer = rng.random((200, 3))
    report = evaluate(lambda iq: answer, [batch_of(label, np.array(SNR_DB)[point])])
    expected = np.zeros((3, 3, 3), int)
    for true, snr, named in zip(label, point, answer.argmax(axis=1), strict=True):
        expected[snr, true, named] += 1
    assert np.array_equal(report.counts, expected)
    assert report.examples == 200


@pytest.mark.parametrize("length", [1, 5, 36])
def test_the_length_of_the_batches_does_not_matter(length, rng):
    whole = balanced()
    weights = rng.random((3, 3))

    def predict(iq):
        return perfect(iq) @ weights

    batches = [
        batch_of(whole.label[start : start + length], whole.snr_db[start : start + length])
        for start in range(0, len(whole), length)
    ]
    assert np.array_equal(evaluate(predict, batches).counts, evaluate(predict, [whole]).counts)


# --- edges


def test_the_report_says_what_was_measured():
    report = evaluate(perfect, [balanced()])
    assert report.snr_db == SNR_DB
    assert report.classes == CLASSES
    assert report.snr_reference == "symbol"
    assert report.counts.shape == (3, 3, 3)
    assert np.issubdtype(report.counts.dtype, np.integer)


def test_the_scale_of_the_probabilities_does_not_matter():
    assert evaluate(lambda iq: 1e-9 * perfect(iq), [balanced()]).accuracy == 1.0


def test_lists_are_taken_for_probabilities():
    assert evaluate(lambda iq: perfect(iq).tolist(), [balanced()]).accuracy == 1.0


@pytest.mark.parametrize(
    "wrong",
    [
        lambda iq: np.ones(len(iq)),
        lambda iq: np.ones((len(iq), 2)),
        lambda iq: np.ones((len(iq) - 1, 3)),
        lambda iq: np.ones((len(iq), 3, 1)),
    ],
    ids=["labels", "too few classes", "too few examples", "another axis"],
)
def test_an_answer_of_another_shape_is_refused(wrong):
    with pytest.raises(ShapeError, match=r"predict must return .* shape \(36, 3\), got"):
        evaluate(wrong, [balanced()])


def test_no_batches_give_an_empty_report():
    report = evaluate(perfect, [])
    assert report.examples == 0
    assert report.interval == (0.0, 1.0)


def test_progress_is_told_in_examples():
    told = []
    evaluate(perfect, [balanced(), batch_of([0, 1], [0.0, 0.0])], advance=told.append)
    assert told == [36, 2]


def test_an_snr_belongs_to_the_nearest_point_of_the_grid():
    points = nearest_point(np.array([-30.0, -9.9, -4.9, 0.0, 5.1, 90.0]), SNR_DB)
    assert points.tolist() == [0, 0, 1, 1, 2, 2]
