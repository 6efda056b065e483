"""The verdict on a reconstruction: its tables, its sentence, and what they come from."""

import json
from dataclasses import replace

import numpy as np
import pytest
from table_text import in_file

from rfmae.records import Comparison, DenoiseReport, ImageQuality, Recognition, SnrReport
from rfmae.reporting.denoising_tables import denoising_section, denoising_tables
from rfmae.reporting.denoising_verdict import (
    VERDICT,
    difference_csv,
    difference_table,
    recognition_gain,
    recognition_sentence,
    references_beaten,
    verdict_details,
    verdict_sentence,
    verdict_table,
)
from rfmae.reporting.report_record import Report, report_json, report_of, whole_json

SNR_DB = (-10.0, -5.0, 0.0, 5.0, 10.0)
BETTER = {"psnr_db": 1.0, "ssim": 0.1, "evm_percent": -5.0}
WIDE = {"psnr_db": 1.5, "ssim": 0.15, "evm_percent": 7.0}  # half of an interval that holds zero


def difference(measure, reference, unbeaten=()):
    """A difference per SNR, on the better side but for some points whose interval holds zero."""
    value = np.full(5, BETTER[measure])
    half = np.full(5, abs(BETTER[measure]) / 10)
    half[list(unbeaten)] = WIDE[measure]
    # of n images: half = 1.96 s / sqrt(n)
    n = 100
    spread = (half / 1.959963984540054) ** 2 * n
    squares = spread * (n - 1) + n * value**2
    return ImageQuality(
        measure, reference, np.full((5, 1), n), n * value[:, None], squares[:, None]
    )


def report(unbeaten=None, references=("noisy", "Wiener"), **changes):
    """`unbeaten` names SNR points by measure and reference."""
    values = dict.fromkeys(("reconstruction", *references), np.zeros(5))
    differences = tuple(
        difference(measure, name, (unbeaten or {}).get((measure, name), ()))
        for measure in BETTER
        for name in references
    )
    whole = DenoiseReport(
        SNR_DB, "symbol", np.full(5, 100), values, values, ("A",), differences=differences
    )
    return replace(whole, **changes)


SOME = {("psnr_db", "Wiener"): (0, 1, 4), ("ssim", "noisy"): (4,)}


def test_the_sentence_says_where_all_are_beaten():
    assert verdict_sentence(report()) == (
        "The reconstruction beats both references in PSNR, SSIM and EVM at every SNR point, "
        "−10 to 10 dB."
    )
    assert verdict_details(report()) == (
        "References: noisy and Wiener; 95 % intervals of paired differences."
    )


def test_the_details_say_where_not_and_why():
    assert verdict_sentence(report(SOME)) == (
        "The reconstruction beats both references in PSNR, SSIM and EVM at 2 of 5 SNR points."
    )
    assert verdict_details(report(SOME)) == (
        "References: noisy and Wiener; 95 % intervals of paired differences. All are beaten at "
        "0 to 5 dB. Not beaten: Wiener in PSNR at 3 SNR points, noisy in SSIM at 1 SNR point."
    )
    assert references_beaten(report(SOME)) == "both references beaten at 2 of 5 SNR points"


def test_the_sentence_says_that_none_are_beaten():
    never = {("evm_percent", "noisy"): range(5)}
    assert verdict_sentence(report(never)) == (
        "The reconstruction beats both references in PSNR, SSIM and EVM at no SNR point."
    )
    assert verdict_details(report(never)).endswith("Not beaten: noisy in EVM at 5 SNR points.")


def test_of_many_unbeaten_references_the_most_frequent_are_named():
    everywhere = {(measure, name): range(5) for measure in BETTER for name in ("noisy", "Wiener")}
    assert verdict_details(report(everywhere)).endswith("noisy in SSIM at 5 SNR points and 3 more.")


def test_of_a_single_point_there_is_no_span():
    one = DenoiseReport(
        (3.0,), "symbol", np.array([100]), {}, {}, ("A",),
        differences=(ImageQuality("ssim", "noisy", *(np.array([[x]]) for x in (100, 10.0, 2.0))),),
    )  # fmt: skip
    assert verdict_sentence(one) == "The reconstruction beats noisy in SSIM at 3 dB."


def test_the_verdict_names_who_is_not_beaten():
    heads, rows = verdict_table(report(SOME)).in_print()
    assert heads == ["Es/N0 (dB)", "PSNR", "SSIM", "EVM", "all at once"]
    assert rows[0] == ["−10", "not Wiener", "yes", "yes", "no"]
    assert rows[2] == ["0", "yes", "yes", "yes", "yes"]
    assert rows[4] == ["10", "not Wiener", "not noisy", "yes", "no"]


def test_a_difference_has_its_sign_and_interval():
    heads, rows = difference_table(report(), "evm_percent").in_print()
    assert heads == ["Es/N0 (dB)", "less noisy", "less Wiener"]
    assert rows[0] == ["−10", "−5.0 ± 0.5", "−5.0 ± 0.5"]
    assert difference_table(report(), "psnr_db").in_print()[1][3][1] == "+1.00 ± 0.10"


def test_an_snr_point_without_images_has_no_difference():
    empty = difference("ssim", "noisy")
    empty.examples[2] = 0
    _, rows = difference_table(report(differences=(empty,)), "ssim").in_print()
    assert rows[2] == ["0", "–"]
    assert verdict_table(report(differences=(empty,))).rows[2][-1] == "no"


def test_every_number_is_in_the_csv_and_the_json():
    heads, rows = in_file(difference_csv(report(SOME)))
    assert len(rows) == 3 * 2 * 5
    row = dict(zip(heads, rows[5], strict=True))
    assert row == {
        "measure": "psnr_db", "reference": "Wiener", "snr_db": "-10", "snr_reference": "symbol",
        "examples": "100", "difference": "1.000000", "low_95": "-0.500000",
        "high_95": "2.500000", "better": "no",
    }  # fmt: skip
    plain = json.loads(json.dumps(report_json(Report("t", "h", {}, denoising=report(SOME)))))
    verdict = plain["denoising"]["verdict"]
    assert verdict["beats_every_reference_per_snr"] == [False, False, True, True, False]
    assert verdict["sentence"] == verdict_sentence(report(SOME))
    assert verdict["differences"][1]["low_95"][0] == pytest.approx(-0.5)


def test_the_verdict_survives_the_account():
    message = report_of(
        json.loads(json.dumps(whole_json(Report("t", "h", {}, denoising=report(SOME)))))
    )
    assert message.denoising.beats_every_reference.tolist() == [False, False, True, True, False]
    assert difference_csv(message.denoising) == difference_csv(report(SOME))


def test_the_section_tells_verdict_and_differences():
    text = "\n\n".join(denoising_section(report(SOME)))
    assert verdict_sentence(report(SOME)) in text
    assert verdict_details(report(SOME)) in text
    assert f"### {VERDICT}" in text
    assert "### Paired differences: EVM in points of %, less is better" in text
    assert VERDICT not in denoising_tables(report(differences=()))


def test_recognition_is_reported_in_a_sentence():
    def accuracy(hits):
        return SnrReport(np.array([[[hits, 10 - hits], [0, 10]]]), (0.0,), ("A", "B"), "symbol")

    named = {name: accuracy(n) for name, n in (("noisy", 2), ("reconstruction", 6), ("clean", 9))}
    change = Comparison("reconstruction", "noisy", 20, 4, 0, 0.2, 0.05, 0.4, 0.1)
    expected = (
        "a run: 60.0 % on noisy, 80.0 % on denoised and 95.0 % on clean images; "
        "denoising: +20.0 points (+5.0 to +40.0)."
    )
    recognition = Recognition("a run", named, (change,))
    assert recognition_sentence(recognition) == expected
    assert recognition_gain(recognition) == ["recognition +20.0 points"]
    assert recognition_gain(replace(recognition, comparisons=())) == []
    assert expected in denoising_section(report(recognition=recognition))


@pytest.mark.parametrize(
    "unbeaten", [None, SOME, {("evm_percent", "noisy"): range(5)}], ids=["all", "some", "none"]
)
def test_the_sentence_has_at_most_twenty_words(unbeaten):
    five = ("noisy", "median", "non-local means", "Wiener", "linear optimum")
    sentence = verdict_sentence(report(unbeaten, five))
    assert "all 5 references" in sentence
    assert len(sentence.split()) <= 20
