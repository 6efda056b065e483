"""What the terminal shows of a report that a command has written."""

from pathlib import Path

import numpy as np
import pytest
from made_up import made_up_ceiling
from rfmae_cli.report_view import print_report

from rfmae.evaluation.assessing import assess
from rfmae.evaluation.classification import counted
from rfmae.records import Answers, Comparison, DenoiseReport, ImageQuality, holm_adjusted
from rfmae.reporting.report_record import Report
from rfmae.workflows.evaluate.snr_evaluation import WrittenReport

CLASSES = ("BPSK", "QPSK")


def message(capsys, verbose=True, **parts):
    """The lines that are printed of a report of these parts."""
    print_report(
        WrittenReport(Report("A report", "It went well.", {}, **parts), Path("report")),
        as_json=False,
        verbose=verbose,
    )
    return capsys.readouterr().out.splitlines()


def test_a_short_answer_is_the_headline_the_notes_and_the_path(capsys):
    pairs = (pair("LSTM", 0.03),)
    lines = message(capsys, verbose=False, comparisons=pairs, notes=("Few examples.",))
    assert lines == ["Note: Few examples.", "It went well.", "Report: report/report.html"]


def pair(other, p_value):
    return Comparison("ours", other, 1_000, 30, 10, 0.02, 0.01, 0.03, p_value)


def test_p_values_of_several_pairs_are_reported_with_their_correction(capsys):
    pairs = holm_adjusted([pair("LSTM", 0.03), pair("CNN", 0.002), pair("forest", 1e-9)])
    first, second, third, *_ = message(capsys, comparisons=pairs)
    assert first == (
        "ours less LSTM: +2.00 points (+1.00 to +3.00), McNemar p = 0.030, 1,000 examples"
    )
    assert "McNemar p = 0.002 (after Holm = 0.004), 1,000 examples" in second
    assert "McNemar p < 0.001 (after Holm < 0.001), 1,000 examples" in third


def test_one_pair_and_pairs_of_an_older_make_have_no_correction_to_tell(capsys):
    alone, old = holm_adjusted([pair("LSTM", 0.03)])[0], pair("CNN", 0.03)
    lines = message(capsys, comparisons=(alone, old))
    assert "Holm" not in "".join(lines)


@pytest.mark.parametrize(
    ("is_bound", "name"), [(True, "of the ceiling"), (False, "of the lower bound")]
)
def test_a_single_model_is_reported_as_a_share_of_what_it_is_one_of(capsys, is_bound, name):
    named = np.repeat([0, 1], [60, 40])
    answers = Answers(
        np.eye(2)[named], np.zeros(100, int), np.zeros(100), CLASSES, (0.0,), "symbol"
    )
    ceiling = made_up_ceiling(
        [0.8], classes=CLASSES, snr_db=(0.0,), kind="symbols", is_bound=is_bound, snr="unknown"
    )
    limits = {ceiling.name: ceiling}
    item = assess(answers, ceilings=limits, image=ceiling.name, groups=(), temperature=None)
    lines = message(
        capsys, accuracy={"ours": counted(answers)}, assessments={"ours": item}, ceilings=limits
    )
    assert f"{name}, symbols, SNR unknown" in lines[1]
    assert any(" 75.0 " in line for line in lines)
    assert not any("≤" in line for line in lines)


def test_denoising_is_reported_by_every_measure_that_was_taken(capsys):
    likeness = tuple(
        ImageQuality(measure, "noisy", np.array([[2]]), np.array([[total]]), np.array([[total**2]]))
        for measure, total in (("psnr_db", 40.0), ("evm_percent", 50.0))
    )
    denoising = DenoiseReport((0.0,), "symbol", np.array([2]), {"noisy": np.array([20.0])}, {},
                              ("BPSK",), likeness, notes=("Few images.",))  # fmt: skip
    lines = message(capsys, denoising=denoising, notes=("ASK is unipolar.",))
    heads = [line for line in lines if line.startswith("Similarity")]
    assert heads == [
        "Similarity to the clean image: PSNR in dB",
        "Similarity to the clean image: EVM in %",
    ]
    assert lines[-4:] == [
        "Note: Few images.",
        "Note: ASK is unipolar.",
        "It went well.",
        "Report: report/report.html",
    ]
