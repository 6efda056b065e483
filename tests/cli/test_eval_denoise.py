"""`rfmae eval-denoise` from a checkpoint to a report, with networks that learnt nothing."""

import csv
import json
import shutil

import numpy as np
import pytest
from less_work import few_directions
from rfmae_cli.app import app
from skimage.metrics import peak_signal_noise_ratio
from typer.testing import CliRunner

from rfmae.artefacts import CARD_NAME
from rfmae.inference import load_classifier, render_images

FILTERED = ["median", "non-local means", "Wiener", "linear optimum"]
ANSWERS = ["reconstruction", "unmasked", "noisy", *FILTERED, "class mean", "blank"]


def changed_card(folder, copy, **changes):
    """A copy of a checkpoint whose card says something else."""
    shutil.copytree(folder, copy)
    card = json.loads((copy / CARD_NAME).read_text())
    (copy / CARD_NAME).write_text(json.dumps({**card, **changes}))
    return copy


@pytest.fixture(scope="module")
def report(dataset, denoiser, classifier, tmp_path_factory):
    """The folder of a report with every option."""
    folder = tmp_path_factory.mktemp("whole") / "report"
    named = ["-d", dataset.folder, "-m", denoiser, "--classifier", classifier, "-o", folder]
    with few_directions():
        done = CliRunner().invoke(app, ["eval-denoise", *map(str, named), "--json"])
    assert done.exit_code == 0, done.output
    return folder, json.loads(done.stdout)


def test_every_measure_of_every_answer_is_in_the_json(report):
    found = report[1]["denoising"]
    assert list(found["psnr_db"]) == ANSWERS
    assert found["examples_per_snr"] == [3, 3]
    assert {(item["measure"], item["answer"]) for item in found["likeness"]} == {
        *((measure, a) for measure in ("psnr_db", "ssim", "foreground_psnr_db") for a in ANSWERS),
        *(("evm_percent", answer) for answer in [*ANSWERS, "clean"]),
    }
    assert report[1]["provenance"]["test_split"] == (
        "all examples read once, the same for every answer"
    )


def test_the_noisy_images_are_measured_as_they_are(report, dataset):
    """Before and after do not depend on the network: the noisy side is drawn from the data set."""
    pairs = dataset.read("test")
    noisy = render_images(pairs.observed.iq, dataset.image)
    clean = render_images(pairs.clean, dataset.image)
    single = np.array(
        [peak_signal_noise_ratio(c, n, data_range=1) for c, n in zip(clean, noisy, strict=True)]
    )
    expected = [single[pairs.observed.snr_db == snr_db].mean() for snr_db in dataset.snr_db]
    # scikit-image compares in single precision
    found = report[1]["denoising"]["psnr_db"]["noisy"]
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_classifier_is_measured_on_every_kind_of_images(report):
    folder, message = report
    recognition = message["denoising"]["recognition"]
    assert list(recognition["accuracy"]) == [*ANSWERS[:7], "clean"]
    assert np.sum(recognition["accuracy"]["clean"]["counts"]) == 6
    assert [(item["first"], item["second"]) for item in recognition["comparisons"]] == [
        (name, "noisy") for name in ("reconstruction", "unmasked", *FILTERED, "clean")
    ]
    gain = recognition["comparisons"][0]["difference"]
    assert message["headline"].endswith(f"; recognition {100 * gain:+.1f} points.")
    assert f"\n{recognition['classifier']}: " in (folder / "report.md").read_text()
    assert len(message["headline"].split()) <= 20
    with (folder / "recognition.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2 * 8


def test_the_reconstruction_is_held_against_every_reference(report):
    folder, message = report
    verdict = message["denoising"]["verdict"]
    assert [(item["measure"], item["reference"]) for item in verdict["differences"]] == [
        (measure, name)
        for measure in ("psnr_db", "ssim", "evm_percent")
        for name in ("noisy", *FILTERED)
    ]
    found = {(item["measure"], item["answer"]): item for item in message["denoising"]["likeness"]}
    for item in verdict["differences"]:  # the mean of differences is the difference of means
        totals = [
            np.sum(found[item["measure"], name]["total"], axis=1)
            for name in ("reconstruction", item["reference"])
        ]
        np.testing.assert_allclose(item["difference"], (totals[0] - totals[1]) / 3, atol=1e-9)
    beaten = sum(verdict["beats_every_reference_per_snr"])
    assert f"; all 5 references beaten at {beaten} of 2 SNR points; " in message["headline"]
    assert verdict["sentence"] in (folder / "report.md").read_text()
    assert "Paired differences: SSIM" in (folder / "report.html").read_text()
    with (folder / "denoising-differences.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 3 * 5 * 2


@pytest.mark.parametrize("kind", ["noisy", "clean"])
def test_the_classifier_answers_for_images_as_for_their_iq(report, dataset, classifier, kind):
    pairs = dataset.read("test")
    iq = pairs.observed.iq if kind == "noisy" else pairs.clean
    named = load_classifier(classifier, "cpu")(iq).argmax(axis=1)
    counts = np.zeros((2, 3, 3), int)
    points = np.searchsorted(dataset.snr_db, pairs.observed.snr_db)
    np.add.at(counts, (points, pairs.observed.label, named), 1)
    found = report[1]["denoising"]["recognition"]["accuracy"][kind]["counts"]
    np.testing.assert_array_equal(found, counts)


def test_the_report_has_its_tables_figures_and_gallery(report):
    folder, _ = report
    text = (folder / "report.md").read_text()
    assert "### PSNR of the foreground in dB" in text
    assert "### By class" in text
    for name in ("denoising", "recognition", "strip"):
        for suffix in ("png", "svg"):
            assert (folder / "figures" / f"{name}.{suffix}").stat().st_size > 5_000
            assert f"figures/{name}.png" in text
    record = json.loads((folder / "report.json").read_text())
    assert [row["snr_db"] for row in record["gallery"]] == [0.0] * 3 + [10.0] * 3


@pytest.mark.usefixtures("no_figures", "few_directions")
def test_without_a_classifier_the_answer_is_tables_and_notes(rfmae, here, dataset, denoiser):
    options = ("-d", dataset.folder, "-m", denoiser, "--per-point", 1, "-o", here / "report", "-v")
    done = rfmae("eval-denoise", *options)
    assert done.exit_code == 0, done.output
    assert "Similarity to the clean image: EVM in %" in done.stdout
    assert "Accuracy of" not in done.stdout
    assert (
        "Note: Images of each class and SNR point: 1, fewer than 100; intervals are wide."
        in done.stdout
    )
    record = json.loads((here / "report" / "report.json").read_text())
    assert record["denoising"]["recognition"] is None
    assert record["provenance"]["test_split"].startswith("the first 1 of each class and SNR")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"classes": ["A", "B", "C"]}, "knows the classes A, B, C, but"),
        ({"image": None}, "but the denoiser's are"),
    ],
)
def test_a_classifier_that_cannot_judge_the_images_is_refused_before_anything_is_measured(
    rfmae, here, dataset, denoiser, classifier, changes, complaint
):
    if "image" in changes:
        card = json.loads((classifier / CARD_NAME).read_text())
        changes = {"image": {**card["image"], "extent": 3.5}}
    other = changed_card(classifier, here / "other", **changes)
    done = rfmae(
        "eval-denoise", "-d", dataset.folder, "-m", denoiser, "--classifier", other,
        "-o", here / "report",
    )  # fmt: skip
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (here / "report").exists()


def test_a_denoiser_is_no_classifier(rfmae, here, dataset, denoiser):
    done = rfmae("eval-denoise", "-d", dataset.folder, "-m", denoiser, "--classifier", denoiser)
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
