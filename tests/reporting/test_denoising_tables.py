"""Tables, CSV and Markdown of a denoising test: only measured values are shown."""

from dataclasses import replace

import numpy as np
import pytest
from table_text import in_file

from rfmae.records import Comparison, DenoiseReport, ImageQuality, Recognition, SnrReport
from rfmae.reporting.denoising_tables import (
    class_table,
    denoise_table,
    denoising_csv,
    denoising_section,
    denoising_tables,
    image_quality_table,
    recognition_csv,
    recognition_table,
)

CLASSES = ("BPSK", "QPSK", "8PSK")


def likeness(measure, answer, values):
    """Sums over single values (S, M, N)."""
    counts = np.isfinite(values).sum(axis=-1)
    return ImageQuality(
        measure, answer, counts, np.nansum(values, axis=-1), np.nansum(values**2, axis=-1)
    )


@pytest.fixture
def values(rng):
    """Single figures (S, M, N) of measure and answer."""
    return {
        (measure, answer): level + rng.standard_normal((2, 3, 5))
        for measure, level in (("psnr_db", 20), ("ssim", 0.5), ("evm_percent", 40))
        for answer in ("reconstruction", "noisy", "class mean", "blank")
    }


@pytest.fixture
def report(values):
    values["evm_percent", "blank"][:] = np.nan
    return DenoiseReport(
        snr_db=(0.0, 10.0),
        snr_reference="symbol",
        examples_per_snr=np.array([15, 15]),
        psnr_db={a: v.mean(axis=(1, 2)) for (m, a), v in values.items() if m == "psnr_db"},
        ssim={a: v.mean(axis=(1, 2)) for (m, a), v in values.items() if m == "ssim"},
        classes=CLASSES,
        likeness=tuple(likeness(m, a, v) for (m, a), v in values.items()),
        notes=("Few images.",),
    )


@pytest.fixture
def recognition():
    counts = {"noisy": np.array([4, 8]), "reconstruction": np.array([6, 9])}
    reports = {
        name: SnrReport(
            np.stack([np.array([[n, 10 - n], [0, 0]]) for n in hits]),
            (0.0, 10.0),
            ("A", "B"),
            "symbol",
        )
        for name, hits in counts.items()
    }
    compared = Comparison("reconstruction", "noisy", 20, 4, 1, 0.15, -0.05, 0.35, 0.375)
    return Recognition("tiny-run", reports, (compared,))


def of(report, measure, answer):
    return report.of(measure)[answer]


def test_a_similarity_table_has_means_and_intervals_and_all_examples_last(report, values):
    heads, rows = image_quality_table(report, "psnr_db").in_print()
    assert heads == ["Es/N0 (dB)", "reconstruction", "noisy", "class mean", "blank", "examples"]
    single = values["psnr_db", "noisy"]
    half = of(report, "psnr_db", "noisy").per_snr.half[1]
    assert rows[1][2] == f"{single[1].mean():.2f} ± {half:.2f}"
    assert rows[2][0] == "all"
    assert rows[2][2].startswith(f"{single.mean():.2f} ± ")
    assert [row[-1] for row in rows] == ["15", "15", "30"]


def test_intervals_can_be_left_out(report, values):
    _, rows = image_quality_table(report, "ssim", intervals=False).in_print()
    assert rows[0][1] == f"{values['ssim', 'reconstruction'][0].mean():.3f}"
    assert "±" not in str(rows)


def test_an_answer_that_no_image_of_was_measured_has_no_column(report):
    heads = image_quality_table(report, "evm_percent").heads
    assert "blank" not in heads


def test_an_snr_without_images_is_reported_as_such(report):
    empty = [
        replace(item, examples=item.examples * [[0], [1]]) if item.answer == "noisy" else item
        for item in report.likeness
    ]
    _, rows = image_quality_table(replace(report, likeness=tuple(empty)), "psnr_db").in_print()
    assert rows[0][2] == "–"


def test_the_class_table_sets_each_class_beside_its_template(report, values):
    heads, rows = class_table(report).in_print()
    assert heads == [
        "class", "PSNR reconstruction", "PSNR noisy", "PSNR class mean",
        "SSIM reconstruction", "SSIM noisy", "SSIM class mean",
    ]  # fmt: skip
    assert [row[0] for row in rows] == [*CLASSES]
    mean = values["ssim", "class mean"][:, 1].mean()
    assert rows[1][6].startswith(f"{mean:.3f} ± ")


def test_the_csv_holds_every_mean_in_full_precision(report, values):
    heads, rows = in_file(denoising_csv(report))
    found = {tuple(row[:4]): dict(zip(heads, row, strict=True)) for row in rows}
    assert len(found) == len(rows) == 12 * (1 + 2 + 3 + 2 * 3)
    single = values["psnr_db", "noisy"]
    for key, part in (
        (("all", "all"), single),
        (("all", "10"), single[1]),
        (("QPSK", "all"), single[:, 1]),
        (("8PSK", "0"), single[0, 2]),
    ):
        row = found["psnr_db", "noisy", *key]
        assert row["examples"] == str(part.size)
        assert float(row["mean"]) == pytest.approx(part.mean(), abs=1e-6)
        assert float(row["low_95"]) < part.mean() < float(row["high_95"])
    one = single[0, 2]
    half = 1.959964 * one.std(ddof=1) / np.sqrt(5)
    row = found["psnr_db", "noisy", "8PSK", "0"]
    assert float(row["high_95"]) == pytest.approx(one.mean() + half, abs=1e-5)


def test_what_is_not_known_is_an_empty_cell(report):
    heads, rows = in_file(denoising_csv(report))
    blank = [row for row in rows if row[:2] == ["evm_percent", "blank"]]
    assert {row[heads.index("mean")] for row in blank} == {""}
    assert {row[heads.index("examples")] for row in blank} == {"0"}
    assert "nan" not in str(rows)


def test_a_report_of_means_alone_is_reported_too(report):
    bare = replace(report, likeness=(), classes=(), notes=())
    heads, rows = denoise_table(bare).in_print()
    assert heads[:2] == ["Es/N0 (dB)", "PSNR reconstruction"]
    assert heads[5:7] == ["SSIM reconstruction", "SSIM noisy"]
    assert rows[0][1] == f"{report.psnr_db['reconstruction'][0]:.2f}"
    assert rows[-1][1] == f"{report.psnr_db['reconstruction'].mean():.2f}"
    assert list(denoising_tables(bare)) == ["PSNR in dB and SSIM"]
    assert rows[0][5] in "\n".join(denoising_section(bare))


def test_recognition_is_reported_per_snr_and_in_all(recognition):
    heads, rows = recognition_table(recognition).in_print()
    assert heads == ["Es/N0 (dB)", "noisy", "reconstruction", "examples"]
    assert rows[0][2].startswith("60.0 (")
    assert rows[-1][1].startswith("60.0 (")
    assert rows[-1][-1] == "20"
    heads, rows = in_file(recognition_csv(recognition))
    assert heads[0] == "images"
    assert len(rows) == 4


def test_the_section_holds_every_table_and_note(report, recognition):
    text = "\n\n".join(denoising_section(replace(report, recognition=recognition)))
    for title in (
        "PSNR in dB",
        "SSIM",
        "EVM in %",
        "By class",
        "Recognition: paired comparisons",
    ):
        assert f"### {title}" in text
    assert "PSNR of the foreground" not in text  # it was not measured
    assert "- Few images." in text
    assert "figures/recognition.png" in text
    assert "| reconstruction | noisy |" in text
    assert "figures/recognition.png" not in "".join(denoising_section(report))
