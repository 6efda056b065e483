"""A report is rendered again from its JSON, and several are joined."""

import json
from dataclasses import replace

import numpy as np
import pytest
from rfmae_cli.report_commands import report as report_command

from rfmae.errors import ArtefactError
from rfmae.evaluation.classification import counted
from rfmae.records import Answers
from rfmae.reporting import folder as folder_module
from rfmae.reporting.folder import read_report, write_report
from rfmae.reporting.report_record import Report
from rfmae.workflows import report_jobs as report_jobs

CLASSES = ("BPSK", "QPSK", "GMSK")
SNR_DB = (0.0, 10.0)


def answers_of(share, seed, examples=600):
    rng = np.random.default_rng(seed)
    label = np.arange(examples) % 3
    named = np.where(rng.random(examples) < share, label, (label + 1) % 3)
    probabilities = np.full((examples, 3), 0.1)
    probabilities[np.arange(examples), named] = 0.8
    snr_db = np.repeat(SNR_DB, examples // 2)
    return Answers(probabilities, label, snr_db, CLASSES, SNR_DB, "symbol")


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Figures take seconds, and their own tests draw them."""
    monkeypatch.setattr(folder_module, "save_both", lambda *_: None)


@pytest.fixture
def write(tmp_path):
    def written(name, answers, **parts):
        accuracy = {model: counted(item) for model, item in answers.items()}
        report = Report(f"Report {name}", f"{name} went well.", {"data_set": "tiny-1"}, accuracy)
        return write_report(replace(report, **parts), tmp_path / name, answers)

    return written


def test_one_report_is_reported_again_where_it_is_and_keeps_its_answers(write):
    folder = write("one", {"ours": answers_of(0.8, 1)})
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    (folder / "report.html").write_text("spoilt")
    (folder / "report.md").unlink()
    report_jobs.report([folder])
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before
    assert (folder / "answers" / "ours.npz").is_file()


def test_reports_are_joined_and_their_models_compared_anew(write, tmp_path):
    ours, theirs = answers_of(0.9, 1), answers_of(0.7, 2)
    folders = [write("a", {"ours": ours}), write("b", {"theirs": theirs})]
    message = report_jobs.report(folders, tmp_path / "both")
    (pair,) = message.report.comparisons
    assert (pair.first, pair.second, pair.examples) == ("ours", "theirs", 600)
    assert pair.difference == pytest.approx(np.mean(ours.right) - np.mean(theirs.right))
    assert pair.first_alone == np.sum(ours.right & ~theirs.right)
    assert message.report.headline.startswith("ours, best of 2 models: ")
    assert len(message.report.headline.split()) <= 20
    again = read_report(tmp_path / "both")
    assert list(again.accuracy) == ["ours", "theirs"]
    assert sorted(path.name for path in (tmp_path / "both" / "answers").iterdir()) == [
        "ours.npz",
        "theirs.npz",
    ]


def test_the_same_seed_gives_the_same_comparison(write, tmp_path):
    folders = [write("a", {"x": answers_of(0.9, 1)}), write("b", {"y": answers_of(0.8, 2)})]
    message = [report_jobs.report(folders, tmp_path / name, seed=5).report for name in ("p", "q")]
    assert message[0].comparisons == message[1].comparisons


def test_models_that_answered_other_examples_stand_beside_without_a_comparison(write, tmp_path):
    folders = [write("a", {"x": answers_of(0.9, 1)}), write("b", {"y": answers_of(0.8, 2, 300)})]
    message = report_jobs.report(folders, tmp_path / "both").report
    assert list(message.accuracy) == ["x", "y"]
    assert message.comparisons == ()


def test_models_of_one_name_keep_their_own_answers(write, tmp_path):
    ours, theirs = answers_of(0.9, 1), answers_of(0.7, 2)
    folders = [write("a", {"model": ours}), write("b", {"model": theirs})]
    message = report_jobs.report(folders, tmp_path / "both").report
    assert list(message.accuracy) == ["model", "model (b)"]
    (pair,) = message.comparisons
    assert pair.difference == pytest.approx(np.mean(ours.right) - np.mean(theirs.right))


def test_a_comparison_without_answers_stays_as_it_was_reported(write, tmp_path):
    with_both = write("a", {"x": answers_of(0.9, 1), "y": answers_of(0.8, 2)})
    message = report_jobs.report(
        [with_both, write("b", {"z": answers_of(0.5, 3)})], tmp_path / "all"
    )
    for name in ("x", "y", "z"):
        (tmp_path / "all" / "answers" / f"{name}.npz").unlink()
    again = report_jobs.report([tmp_path / "all", with_both], tmp_path / "again").report
    pairs = {(item.first, item.second) for item in again.comparisons}
    assert pairs == {("x", "y"), ("x", "z")}
    assert message.report.comparisons[1] in again.comparisons


@pytest.mark.parametrize(
    ("names", "out", "words"),
    [
        ([], None, "must be named"),
        (["a", "b"], None, "name --out"),
        (["a", "a"], "both", "named twice"),
        (["a", "nothing"], "both", "holds no report"),
        (["a", "c"], "both", "same data set"),
    ],
)
def test_what_cannot_be_reported_is_refused_in_one_line_and_nothing_is_written(
    write, tmp_path, names, out, words
):
    write("a", {"x": answers_of(0.9, 1)})
    write("b", {"y": answers_of(0.9, 1)})
    write("c", {"z": answers_of(0.9, 1)}, provenance={"data_set": "another-2"})
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ArtefactError, match=words) as caught:
        report_jobs.report([tmp_path / name for name in names], out and tmp_path / out)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_folder_with_other_content_is_left_alone(write, tmp_path):
    folder = write("a", {"x": answers_of(0.9, 1)})
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "thesis.tex").write_text("years of work")
    with pytest.raises(ArtefactError, match="holds other files"):
        report_jobs.report([folder], other)
    assert [path.name for path in other.iterdir()] == ["thesis.tex"]


def test_the_command_says_where_the_page_is(write, tmp_path, capsys):
    folder = write("a", {"x": answers_of(0.9, 1)})
    report_command([folder], out=tmp_path / "again")
    assert capsys.readouterr().out.splitlines() == [
        "a went well.",
        f"Report: {tmp_path / 'again' / 'report.html'}",
    ]


def test_the_command_answers_in_json(write, capsys):
    folder = write("a", {"x": answers_of(0.9, 1)})
    report_command([folder], as_json=True)
    message = json.loads(capsys.readouterr().out)
    assert message["folder"] == str(folder)
    assert message["accuracy"]["x"]["accuracy"] == pytest.approx(0.9, abs=0.05)
