"""Counts of right and wrong at every SNR."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from rfmae.errors import ShapeError
from rfmae.evaluation.classification import (
    collect_answers,
    counted,
    macro_f1,
    nearest_point,
    snr_bands,
    top_confusions,
)
from rfmae.records import IqBatch, SnrReport

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
    answers = collect_answers(
        lambda observed: predict(observed["waveform"].iq),
        [{"waveform": batch} for batch in batches],
        snr_db=SNR_DB,
        classes=CLASSES,
        snr_reference="symbol",
        **options,
    )
    return counted(answers)


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
    answer = rng.dirichlet(np.ones(3), 200)
    report = evaluate(lambda iq: answer, [batch_of(label, np.array(SNR_DB)[point])])
    expected = np.zeros((3, 3, 3), int)
    for true, snr, named in zip(label, point, answer.argmax(axis=1), strict=True):
        expected[snr, true, named] += 1
    assert np.array_equal(report.counts, expected)
    assert report.examples == 200


@pytest.mark.parametrize("length", [1, 5, 36])
def test_the_length_of_the_batches_does_not_matter(length, rng):
    whole = balanced()
    weights = rng.dirichlet(np.ones(3), 3)

    def predict(iq):
        return perfect(iq) @ weights

    batches = [
        batch_of(whole.label[start : start + length], whole.snr_db[start : start + length])
        for start in range(0, len(whole), length)
    ]
    assert np.array_equal(evaluate(predict, batches).counts, evaluate(predict, [whole]).counts)


def test_answers_stand_in_the_order_of_the_exams(rng):
    label = rng.integers(3, size=30)
    batches = [batch_of(label[:7], np.zeros(7)), batch_of(label[7:], np.full(23, 10.0))]
    answers = collect_answers(
        lambda observed: perfect(observed["waveform"].iq),
        [{"waveform": batch} for batch in batches],
        snr_db=SNR_DB,
        classes=CLASSES,
        snr_reference="symbol",
    )
    assert np.array_equal(answers.label, label)
    assert np.array_equal(answers.named, label)
    assert answers.point.tolist() == [1] * 7 + [2] * 23
    assert counted(answers).examples_per_snr.tolist() == [0, 7, 23]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 20, 21, 22], ids=lambda length: f"{length} points")
def test_every_point_lies_in_one_band_and_the_bands_ascend(length, rng):
    grid = tuple(rng.permutation(length).astype(float))
    found = snr_bands(grid)
    assert sorted(point for band in found for point in band) == list(range(length))
    assert len(found) == min(length, 3)
    in_order = [grid[point] for band in found for point in band]
    assert in_order == sorted(in_order)


def test_the_bands_of_the_usual_grid_are_seven_points_each():
    grid = tuple(np.arange(-10.0, 11.0))
    ends = [(grid[band[0]], grid[band[-1]]) for band in snr_bands(grid)]
    assert ends == [(-10.0, -4.0), (-3.0, 3.0), (4.0, 10.0)]


# --- outside reference


def test_macro_f1_is_that_of_scikit_learn(rng):
    label, named = rng.integers(5, size=(2, 300))
    named = np.where(rng.random(300) < 0.5, label, named)
    assert macro_f1(counts_of(label, named, 5)) == pytest.approx(
        f1_score(label, named, average="macro"), abs=1e-12
    )


def test_macro_f1_leaves_out_classes_that_neither_occur_nor_are_named(rng):
    label, named = rng.integers(3, size=(2, 50))
    expected = f1_score(label, named, average="macro")
    assert macro_f1(counts_of(label, named, 6)) == pytest.approx(expected, abs=1e-12)


def test_macro_f1_goes_over_every_leading_axis(rng):
    counts = rng.integers(20, size=(4, 3, 3))
    each = [float(macro_f1(matrix)) for matrix in counts]
    assert macro_f1(counts).tolist() == pytest.approx(each, abs=1e-12)
    assert macro_f1(np.zeros((2, 3, 3), int)).tolist() == [0.0, 0.0]


# --- edges


def counts_of(label, named, classes):
    """A confusion matrix, true class down."""
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (label, named), 1)
    return counts


def test_confusions_are_reported_by_how_often_they_occur():
    counts = np.array([[[80, 9, 1], [0, 60, 0], [30, 0, 30]]])
    found = top_confusions(SnrReport(counts, (0.0,), CLASSES, "symbol"))
    assert [(item.true, item.named) for item in found] == [
        ("GMSK", "OOK"),
        ("OOK", "QPSK"),
        ("OOK", "GMSK"),
    ]
    assert found[0].share.hits == 30
    assert found[0].share.examples == 60
    assert found[0].share.low < 0.5 < found[0].share.high


def test_who_confuses_nothing_has_no_confusions():
    assert top_confusions(evaluate(perfect, [balanced()])) == ()


def test_no_more_confusions_are_reported_than_requested_for():
    counts = np.array([[[80, 9, 1], [0, 60, 0], [30, 0, 30]]])
    assert len(top_confusions(SnrReport(counts, (0.0,), CLASSES, "symbol"), most=2)) == 2


def test_the_report_says_what_was_measured():
    report = evaluate(perfect, [balanced()])
    assert report.snr_db == SNR_DB
    assert report.classes == CLASSES
    assert report.snr_reference == "symbol"
    assert report.counts.shape == (3, 3, 3)
    assert np.issubdtype(report.counts.dtype, np.integer)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        (lambda iq: 2 * perfect(iq), "must sum to 1, got 2; give probabilities"),
        (lambda iq: 3 * perfect(iq) - 2 / 3, "finite and not negative"),
        (lambda iq: np.full((len(iq), 3), np.nan), "finite and not negative"),
    ],
    ids=["scores", "logits", "not a number"],
)
def test_what_is_no_probability_is_refused(wrong, rule):
    with pytest.raises(ShapeError, match=rule):
        evaluate(wrong, [balanced()])


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


def test_progress_is_reported_in_examples():
    message = []
    evaluate(perfect, [balanced(), batch_of([0, 1], [0.0, 0.0])], advance=message.append)
    assert message == [36, 2]


def test_an_snr_belongs_to_the_nearest_point_of_the_grid():
    points = nearest_point(np.array([-30.0, -9.9, -4.9, 0.0, 5.1, 90.0]), SNR_DB)
    assert points.tolist() == [0, 0, 1, 1, 2, 2]
