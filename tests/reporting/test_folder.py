"""The report folder tells one account in JSON, CSV, Markdown and figures, or is not there."""

import csv
import errno
import json
import os
import re

import numpy as np
import pytest

from rfmae.errors import ArtefactError
from rfmae.records import DenoiseReport, GalleryRow, SnrReport
from rfmae.reporting import folder as folder_module
from rfmae.reporting.folder import Report, read_report, report_json, write_report
from rfmae.reporting.page import contents as contents_module

CLASSES = ("BPSK", "QPSK")


def accuracy_of(seed):
    counts = np.random.default_rng(seed).integers(0, 20, (2, 2, 2))
    return SnrReport(counts, (0.0, 10.0), CLASSES, "symbol")


def full_report():
    images = np.random.default_rng(5).random((3, 3, 16, 16))
    return Report(
        title="A report",
        headline="It went well.",
        provenance={"data_set": "tiny-12345678", "examples": {"train": 2, "test": 1}},
        accuracy={"DenoMAE2.0": accuracy_of(1), "from scratch": accuracy_of(2)},
        denoising=DenoiseReport(
            snr_db=(0.0, 10.0),
            snr_reference="symbol",
            examples_per_snr=np.array([1, 3]),
            psnr_db={"reconstruction": np.array([20.0, 24.0]), "noisy": np.array([10.0, 30.0])},
            ssim={"reconstruction": np.array([0.5, 0.9]), "noisy": np.array([0.1, 0.8])},
        ),
        gallery=[GalleryRow("BPSK", 0.0, *images, psnr_db=(10.0, 20.0), ssim=(0.1, 0.5))],
        notes=("ASK is unipolar, PAM bipolar.",),
    )


def short_report(title="Short"):
    return Report(title=title, headline="Nothing was measured.", provenance={})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_report(full_report(), tmp_path_factory.mktemp("reports") / "full")


@pytest.fixture
def record(written):
    return json.loads((written / "report.json").read_text(encoding="utf-8"))


def names(folder):
    return sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*"))


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# what is in the folder ----------------------------------------------------------------------


def test_the_folder_holds_the_account_its_tables_and_its_figures(written):
    figures = ("accuracy", "confusion", "confusion-per-snr", "denoising", "strip")
    assert names(written) == sorted(
        [
            "accuracy.csv",
            "card.json",
            "confusion-per-snr.csv",
            "confusion.csv",
            "denoising.csv",
            "figures",
            *(f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")),
            "report.html",
            "report.json",
            "report.md",
        ]
    )


def test_every_figure_is_a_picture_and_is_shown_on_the_page(written):
    page = (written / "report.md").read_text(encoding="utf-8")
    figures = [name for name in names(written) if name.endswith(".png")]
    assert sorted(re.findall(r"!\[.*\]\((.*)\)", page)) == figures
    for name in figures:
        assert (written / name).read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (written / name).with_suffix(".svg").read_bytes()


def test_the_card_says_that_it_is_a_report(written):
    assert json.loads((written / "card.json").read_text()) == {
        "kind": "report",
        "title": "A report",
    }


def test_the_page_tells_title_headline_notes_and_how_it_came_about(written):
    page = (written / "report.md").read_text(encoding="utf-8")
    assert page.startswith("# A report\n\nIt went well.\n\n- ASK is unipolar, PAM bipolar.\n")
    assert "- data set: tiny-12345678" in page
    assert "- examples: train 2, test 1" in page
    assert "Wilson" in page


def test_the_account_is_strict_json_and_holds_every_count(record):
    report = full_report()
    assert record["accuracy"].keys() == report.accuracy.keys()
    for name, message in record["accuracy"].items():
        assert message["counts"] == report.accuracy[name].counts.tolist()
        assert message["accuracy"] == report.accuracy[name].accuracy
        assert message["snr_db"] == [0.0, 10.0]
        assert message["classes"] == list(CLASSES)
    assert record["denoising"]["psnr_db"] == {
        "reconstruction": [20.0, 24.0],
        "noisy": [10.0, 30.0],
    }
    assert record["notes"] == ["ASK is unipolar, PAM bipolar."]
    assert record["provenance"]["data_set"] == "tiny-12345678"
    assert "rfmae" in record["provenance"]["versions"]


def test_the_account_can_be_rebuilt_into_the_report(record):
    message = record["accuracy"]["DenoMAE2.0"]
    deserialised = SnrReport(
        np.array(message["counts"]),
        tuple(message["snr_db"]),
        tuple(message["classes"]),
        message["snr_reference"],
    )
    assert deserialised.accuracy == message["accuracy"]
    assert list(deserialised.interval) == message["interval_95"]
    assert deserialised.accuracy_per_snr.tolist() == message["accuracy_per_snr"]
    assert deserialised.interval_per_snr.tolist() == message["interval_95_per_snr"]
    assert deserialised.examples_per_snr.tolist() == message["examples_per_snr"]


def test_the_csv_files_tell_the_same_numbers_as_the_account(written, record):
    for row in rows_of(written / "accuracy.csv"):
        message = record["accuracy"][row["model"]]
        s = message["snr_db"].index(float(row["snr_db"]))
        assert float(row["accuracy"]) == pytest.approx(message["accuracy_per_snr"][s], abs=1e-6)
        assert int(row["examples"]) == message["examples_per_snr"][s]
    confusion = np.sum(record["accuracy"]["DenoMAE2.0"]["counts"], axis=0)
    for line, row in zip(confusion, rows_of(written / "confusion.csv"), strict=True):
        assert [int(row[name]) for name in CLASSES] == line.tolist()
    *points, _ = rows_of(written / "denoising.csv")
    psnr_db = [float(row["PSNR reconstruction"]) for row in points]
    assert psnr_db == record["denoising"]["psnr_db"]["reconstruction"]


def test_the_command_line_and_the_file_tell_the_same_account(record):
    gallery = record.pop("gallery")
    assert record == json.loads(json.dumps(report_json(full_report())))
    assert len(gallery) == 1


def test_a_report_tells_only_what_was_measured(tmp_path):
    folder = write_report(short_report(), tmp_path / "short")
    assert names(folder) == ["card.json", "figures", "report.html", "report.json", "report.md"]
    record = json.loads((folder / "report.json").read_text())
    assert record["accuracy"] == {}
    assert record["denoising"] is None
    assert "Confusion" not in (folder / "report.md").read_text()


def test_a_report_is_read_back_and_written_again_to_the_same_bytes(written, tmp_path):
    again = write_report(read_report(written), tmp_path / "again")
    assert names(again) == names(written)
    for name in names(written):
        if (written / name).is_file():
            assert (again / name).read_bytes() == (written / name).read_bytes(), name


def test_a_folder_that_is_no_report_is_not_read(tmp_path):
    with pytest.raises(ArtefactError, match="holds no report"):
        read_report(tmp_path)


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"title": "T"}'], ids=repr)
def test_an_account_that_is_broken_is_one_plain_line(tmp_path, broken):
    folder = write_report(short_report(), tmp_path / "report")
    (folder / "report.json").write_text(broken)
    with pytest.raises(ArtefactError, match="cannot be read") as caught:
        read_report(folder)
    assert "\n" not in str(caught.value)


# whole or not at all ------------------------------------------------------------------------


def test_an_older_report_of_the_name_is_replaced(tmp_path):
    write_report(short_report("Old"), tmp_path / "report")
    (tmp_path / "report" / "old.txt").touch()
    folder = write_report(short_report("New"), tmp_path / "report")
    assert json.loads((folder / "card.json").read_text())["title"] == "New"
    assert "old.txt" not in names(folder)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["report"]


def test_a_folder_with_other_content_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ArtefactError, match="exists and holds other files"):
        write_report(short_report(), tmp_path)
    assert names(tmp_path) == ["thesis.tex"]


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt()], ids=repr)
def test_the_older_report_stays_when_the_new_one_breaks(tmp_path, monkeypatch, error):
    def broken(*_, **__):
        raise error

    write_report(short_report("Old"), tmp_path / "report")
    before = names(tmp_path)
    monkeypatch.setattr(contents_module, "figure_of", broken)
    with pytest.raises(type(error)):
        write_report(full_report(), tmp_path / "report")
    assert names(tmp_path) == before
    assert json.loads((tmp_path / "report" / "card.json").read_text())["title"] == "Old"


@pytest.mark.parametrize("step", ["page", "write_csv", "write_json", "save_both"])
def test_a_full_disk_is_one_plain_line_and_leaves_nothing(tmp_path, monkeypatch, step):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder_module, "save_both", lambda *_: None)
    monkeypatch.setattr(folder_module, step, full)
    with pytest.raises(ArtefactError, match="no space left on the disk") as caught:
        write_report(full_report(), tmp_path / "report")
    assert "\n" not in str(caught.value)
    assert names(tmp_path) == []
