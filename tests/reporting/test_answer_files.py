"""What models answered lies beside their report and comes back from there."""

import numpy as np
import pytest
from sample_reports import CLASSES, all_answers

from rfmae.errors import ArtefactError
from rfmae.evaluation.classification import counted
from rfmae.reporting.answer_files import read_answers, write_answers
from rfmae.reporting.report_record import Report


@pytest.fixture(scope="module")
def answers():
    return all_answers(per_point=1)


@pytest.fixture(scope="module")
def report(answers):
    return Report("T", "H.", {}, {name: counted(item) for name, item in answers.items()})


def test_answers_come_back_as_they_were_written(answers, report, tmp_path):
    write_answers(answers, tmp_path)
    again = read_answers(report, tmp_path)
    assert list(again) == list(answers)
    for name, item in answers.items():
        np.testing.assert_allclose(again[name].probabilities, item.probabilities, rtol=1e-6)
        assert np.array_equal(again[name].label, item.label)
        assert np.array_equal(counted(again[name]).counts, report.accuracy[name].counts)
        assert again[name].classes == CLASSES


def test_answers_that_were_not_kept_are_not_there(answers, report, tmp_path):
    write_answers({"cumulants": answers["cumulants"]}, tmp_path)
    assert list(read_answers(report, tmp_path)) == ["cumulants"]
    write_answers({}, tmp_path / "nowhere")
    assert read_answers(report, tmp_path / "nowhere") == {}


@pytest.mark.parametrize("broken", [b"", b"PK\x03\x04 no archive", b"words"])
def test_broken_answers_are_one_plain_line(answers, report, tmp_path, broken):
    write_answers(answers, tmp_path)
    (tmp_path / "answers" / "cumulants.npz").write_bytes(broken)
    with pytest.raises(ArtefactError, match="cannot be read") as caught:
        read_answers(report, tmp_path)
    assert "\n" not in str(caught.value)


def test_answers_of_other_classes_are_refused(answers, report, tmp_path):
    folder = tmp_path / "answers"
    folder.mkdir()
    np.savez(folder / "cumulants.npz", probabilities=np.full((2, 3), 1 / 3), label=np.zeros(2, int),
             snr_db=np.zeros(2))  # fmt: skip
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_answers(report, tmp_path)


def test_files_have_no_spaces_and_names_that_become_one_keep_their_own(answers, tmp_path):
    names = dict.fromkeys(("from scratch", "from-scratch"), answers["cumulants"])
    write_answers(names, tmp_path)
    written = [path.name for path in (tmp_path / "answers").iterdir()]
    assert len(written) == 2 and not any(" " in name for name in written)
    report = Report("T", "H", {}, dict.fromkeys(names, counted(answers["cumulants"])))
    assert list(read_answers(report, tmp_path)) == list(names)


def test_a_file_with_spaces_of_an_older_report_is_found(answers, tmp_path):
    one = answers["cumulants"]
    write_answers({"x": one}, tmp_path)
    folder = tmp_path / "answers"
    (folder / "x.npz").rename(folder / "from scratch.npz")
    report = Report("T", "H", {}, {"from scratch": counted(one)})
    assert list(read_answers(report, tmp_path)) == ["from scratch"]
