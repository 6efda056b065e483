"""What is measured of every answer, and the means of it at every SNR and for every class."""

import numpy as np
import pytest
from scipy.stats import norm, ttest_rel

from rfmae.evaluation.denoise_measures import DenoiseBatch, evaluate_denoising, measured
from rfmae.evaluation.image_evm import SymbolPlane, evm_percent
from rfmae.evaluation.image_quality import foreground_psnr_db, psnr_db, ssim

SNR_DB = (-10.0, 0.0, 10.0)
CLASSES = ("BPSK", "QPSK")


def reports(batches):
    return evaluate_denoising(batches, snr_db=SNR_DB, classes=CLASSES, snr_reference="symbol")


def denoise_batch(errors, snr_db, label=None):
    """Images that miss a black clean one by a constant, and the clean ones themselves."""
    clean = np.zeros((len(errors), 3, 12, 12))
    noisy = clean + np.array(errors)[:, None, None, None]
    label = np.zeros(len(errors), int) if label is None else np.array(label)
    return DenoiseBatch(clean, {"noisy": noisy, "oracle": clean}, np.array(snr_db), label)


def random_batch(rng, n=14, shape=(2, 16, 16)):
    """Noisy images of several strengths, every point and class among them."""
    clean = rng.random((n, *shape))
    noisy = clean + rng.uniform(0.05, 0.4, (n, 1, 1, 1)) * rng.standard_normal(clean.shape)
    point, label = np.arange(n) % 3, np.arange(n) % 2
    answers = {"noisy": noisy.clip(0, 1), "half": ((noisy + clean) / 2).clip(0, 1)}
    return DenoiseBatch(clean, answers, np.array(SNR_DB)[point], label)


# --- means


def test_means_are_of_decibels_and_never_of_pooled_pixels():
    report = reports([denoise_batch([1.0, 0.01], [0.0, 0.0])])
    # the mean of 0 and 40 dB; pooled pixels would give 3 dB
    assert report.psnr_db["noisy"][1] == pytest.approx(20.0)


def test_every_answer_is_measured_at_every_snr():
    report = reports([denoise_batch([1.0, 0.1, 0.01], [10.0, -10.0, -10.0])])
    assert report.answers == ("noisy", "oracle")
    assert report.examples_per_snr.tolist() == [2, 0, 1]
    np.testing.assert_allclose(report.psnr_db["noisy"], [30.0, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(report.psnr_db["oracle"], [100.0, 0.0, 100.0])
    np.testing.assert_allclose(report.ssim["oracle"], [1.0, 0.0, 1.0], atol=1e-12)
    assert report.mean(report.psnr_db["noisy"]) == pytest.approx(20.0)


def test_every_mean_is_that_of_the_single_measures(rng):
    batch = random_batch(rng)
    report = reports([batch])
    point, label = np.searchsorted(SNR_DB, batch.snr_db), batch.label
    for name, measure in (
        ("psnr_db", psnr_db),
        ("ssim", ssim),
        ("foreground_psnr_db", foreground_psnr_db),
    ):
        for answer, images in batch.answers.items():
            single, found = measure(images, batch.clean), report.of(name)[answer]
            per_snr = [single[point == which].mean() for which in range(3)]
            per_class = [single[label == which].mean() for which in range(2)]
            np.testing.assert_allclose(found.per_snr.value, per_snr, atol=1e-12)
            np.testing.assert_allclose(found.per_class.value, per_class, atol=1e-12)
            assert found.overall.value == pytest.approx(single.mean(), abs=1e-12)
            one = single[(point == 1) & (label == 0)]
            assert found.cell(1, 0).value == pytest.approx(one.mean(), abs=1e-12)
    np.testing.assert_array_equal(
        report.psnr_db["half"], report.of("psnr_db")["half"].per_snr.value
    )


def test_the_length_of_the_batches_does_not_matter():
    errors, snr_db = [0.5, 0.2, 0.1, 0.05], [0.0, 0.0, 10.0, 0.0]
    whole = reports([denoise_batch(errors, snr_db)])
    parts = reports(denoise_batch([e], [s]) for e, s in zip(errors, snr_db, strict=True))
    for answer in whole.answers:
        np.testing.assert_allclose(parts.psnr_db[answer], whole.psnr_db[answer])
        np.testing.assert_allclose(parts.ssim[answer], whole.ssim[answer])
    assert parts.examples_per_snr.tolist() == whole.examples_per_snr.tolist()


# --- intervals


def test_an_interval_holds_the_true_mean_as_often_as_it_says(rng):
    """Errors of a known law, classes far apart: 95 % of the intervals hold the mean."""
    held = []
    for _ in range(400):
        level_db = np.repeat([20.0, 40.0], 10) + rng.standard_normal(20)
        errors = np.sqrt(1 / 10 ** (level_db / 10))
        batch = denoise_batch(errors, [0.0] * 20, np.repeat([0, 1], 10))
        mean = reports([batch]).of("psnr_db")["noisy"].per_snr
        held.append(abs(mean.value[1] - 30.0) < mean.half[1])
    # 400 trials: three standard deviations are 3.3 points; a normal quantile at 18 degrees of
    # freedom gives 93.4 %
    assert 0.90 < np.mean(held) < 0.975


def test_an_interval_is_that_of_the_textbook_for_one_class(rng):
    level_db = 30 + rng.standard_normal(12)
    errors = np.sqrt(1 / 10 ** (level_db / 10))
    mean = reports([denoise_batch(errors, [10.0] * 12)]).of("psnr_db")["noisy"].per_snr
    expected = norm.ppf(0.975) * level_db.std(ddof=1) / np.sqrt(12)
    assert mean.half[2] == pytest.approx(expected, rel=1e-6)


def test_no_interval_is_reported_of_single_images():
    mean = reports([denoise_batch([0.1, 0.2], [0.0, 0.0], [0, 1])]).of("psnr_db")["noisy"]
    assert np.isnan(mean.per_snr.half).all()
    assert np.isnan(mean.overall.half)


# --- against the references


def held_against(batches, references):
    return evaluate_denoising(
        batches, snr_db=SNR_DB, classes=CLASSES, snr_reference="symbol", references=references
    )


def answered_batch(rng, gain=0.5, n=60):
    """A reconstruction of so much of the noise of each image, at one SNR point and class."""
    clean = rng.random((n, 1, 16, 16))
    noise = rng.uniform(0.02, 0.4, (n, 1, 1, 1)) * rng.standard_normal(clean.shape)
    answers = {"reconstruction": clean + gain * noise, "noisy": clean + noise, "other": clean}
    plane = SymbolPlane(0, rng.random((n, 16, 16)))
    return DenoiseBatch(clean, answers, np.zeros(n), np.zeros(n, int), plane)


def test_a_difference_is_that_of_the_same_images(rng):
    """SciPy's paired t statistic is the mean difference over its standard error."""
    batch = answered_batch(rng, gain=rng.uniform(0.2, 1.5, (60, 1, 1, 1)))
    report = held_against([batch], ("noisy",))
    assert [(item.measure, item.answer) for item in report.differences] == [
        (measure, "noisy") for measure in ("psnr_db", "ssim", "evm_percent")
    ]
    found = measured(batch)
    for item in report.differences:
        ours, theirs = (found[item.measure, name] for name in ("reconstruction", "noisy"))
        mean = item.per_snr
        assert mean.value[1] == pytest.approx((ours - theirs).mean())
        statistic = mean.value[1] / (mean.half[1] / norm.ppf(0.975))
        assert statistic == pytest.approx(ttest_rel(ours, theirs).statistic, rel=1e-6)


def test_pairs_tell_more_than_means_do(rng):
    """Half of the noise is 6 dB of every image, however far the images lie from one another."""
    report = held_against([answered_batch(rng)], ("noisy",))
    item = report.differences[0]
    assert item.per_snr.value[1] == pytest.approx(20 * np.log10(2), abs=1e-9)
    assert item.per_snr.half[1] < 1e-6 < 0.5 < report.of("psnr_db")["noisy"].per_snr.half[1]


def test_who_is_better_at_one_thing_alone_beats_nobody(rng):
    batch = answered_batch(rng)
    report = held_against([batch], ("noisy",))
    evm = {item.measure: item for item in report.differences}["evm_percent"]
    better = -evm.per_snr.value[1] > evm.per_snr.half[1]
    assert report.beats_every_reference[1] == better
    assert not report.beats_every_reference[[0, 2]].any()  # there are no images
    flat = DenoiseBatch(batch.clean, batch.answers, batch.snr_db, batch.label)
    assert held_against([flat], ("noisy",)).beats_every_reference.tolist() == [False, True, False]
    with_truth = held_against([flat], ("noisy", "other"))
    assert not with_truth.beats_every_reference.any()


def test_equals_do_not_beat_each_other(rng):
    batch = answered_batch(rng, gain=1.0)
    assert not held_against([batch], ("noisy",)).beats_every_reference.any()


def test_without_references_nobody_is_beaten(rng):
    report = reports([answered_batch(rng)])
    assert report.differences == ()
    assert not report.beats_every_reference.any()


# --- what is measured


def test_symbols_are_measured_where_a_plane_shows_them_and_of_the_clean_images_too(rng):
    batch = random_batch(rng)
    plane = SymbolPlane(1, rng.random((len(batch.clean), 16, 16)))
    bare = {measure for measure, _ in measured(batch)}
    assert bare == {"psnr_db", "ssim", "foreground_psnr_db"}
    with_symbols = DenoiseBatch(batch.clean, batch.answers, batch.snr_db, batch.label, plane)
    found = measured(with_symbols)
    np.testing.assert_array_equal(found["evm_percent", "clean"], evm_percent(batch.clean, plane))
    assert {answer for measure, answer in found if measure == "evm_percent"} == {
        "noisy",
        "half",
        "clean",
    }


def test_what_is_not_defined_is_not_counted():
    plane = SymbolPlane(0, np.ones((2, 12, 12)))
    blank = np.zeros((2, 1, 12, 12))
    half_blank = blank.copy()
    half_blank[1] = 0.5
    answers = {"blank": blank, "half": half_blank}
    batch = DenoiseBatch(half_blank, answers, np.zeros(2), np.zeros(2, int), plane)
    report = reports([batch])
    evm = report.of("evm_percent")
    assert evm["blank"].examples.sum() == 0
    assert evm["half"].overall.examples == 1
    assert evm["half"].overall.value == pytest.approx(100.0)
    assert report.examples_per_snr.tolist() == [0, 2, 0]  # a blank image is one that was measured


# --- edges


def test_no_batches_give_an_empty_report():
    report = reports([])
    assert report.examples_per_snr.tolist() == [0, 0, 0]
    assert report.answers == ()


def test_progress_is_reported_in_images():
    message = []
    batches = [denoise_batch([0.1], [0.0]), denoise_batch([0.1, 0.2], [0.0, 0.0])]
    evaluate_denoising(
        batches, snr_db=SNR_DB, classes=CLASSES, snr_reference="symbol", advance=message.append
    )
    assert message == [1, 2]
