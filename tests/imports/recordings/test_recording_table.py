"""A table names files, labels, SNRs and splits under any usual heading."""

import numpy as np
import pytest
from made_recordings import noise

from rfmae.errors import DatasetError
from rfmae.imports.recordings.recording_table import is_recording_table, list_table


@pytest.fixture
def files(tmp_path):
    (tmp_path / "iq").mkdir()
    for number in range(3):
        noise(number, 100).tofile(tmp_path / "iq" / f"{number}.cf32")
    return tmp_path


def table(folder, text, name="table.csv"):
    (folder / name).write_text(text)
    return folder / name


def refusal(path):
    with pytest.raises(DatasetError) as caught:
        list_table(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "file,label,snr\niq/0.cf32,BPSK,5\niq/1.cf32,QPSK,-2.5\niq/2.cf32,BPSK,\n",
        "Filename;Modulation;SNR_dB\niq/0.cf32;BPSK;5 dB\niq/1.cf32;QPSK;-2.5\niq/2.cf32;BPSK;\n",
        "snr\tclass\tpath\n5\tBPSK\tiq/0.cf32\n\n-2.5\tQPSK\tiq/1.cf32\n\tBPSK\tiq/2.cf32",
        '\ufefffile,label,snr\r\n"iq/0.cf32", BPSK ,5\r\niq/1.cf32,QPSK,-2.5\r\n'
        "iq/2.cf32,BPSK,\r\n",
    ],
)
def test_every_usual_form_is_read(files, text):
    path = table(files, text)
    assert is_recording_table(path)
    listing = list_table(path)
    assert [each.path for each in listing.extracts] == [
        files / "iq" / f"{number}.cf32" for number in range(3)
    ]
    assert [each.label for each in listing.extracts] == ["BPSK", "QPSK", "BPSK"]
    assert np.array_equal(
        [each.snr_db for each in listing.extracts], [5, -2.5, np.nan], equal_nan=True
    )
    assert listing.notes == ()


def test_splits_of_the_authors_are_read(files):
    path = table(files, "file,label,split\niq/0.cf32,a,Train\niq/1.cf32,b,val\niq/2.cf32,a,test\n")
    assert [each.split for each in list_table(path).extracts] == ["train", "validation", "test"]
    path = table(files, "file,label,split\niq/0.cf32,a,\niq/1.cf32,b,tset\n")
    assert "line 3" in refusal(path)
    assert "did you mean test" in refusal(path)


def test_columns_that_are_not_used_are_named(files):
    path = table(files, "file,label,gain,site\niq/0.cf32,a,3,north\n")
    assert list_table(path).notes == ("columns of table.csv that are not used: gain, site",)


def test_missing_files_are_named_and_counted(files):
    path = table(files, "file,label\niq/0.cf32,a\n" + "".join(f"{n}.iq,a\n" for n in range(5)))
    message = refusal(path)
    assert "5 of the 6 files" in message
    assert "0.iq" in message
    assert "and 2 more" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,label\n", "got none"),
        ("file,label\niq/0.cf32\n", "line 2 has 1"),
        ("file,label\niq/0.cf32,\n", "line 2"),
        ("file,label,snr\niq/0.cf32,a,loud\n", "got 'loud'"),
        ("file,label,snr\niq/0.cf32,a,4000\n", "got '4000'"),
        (
            "file,kind\niq/0.cf32,a\n",
            "lacks a column of labels (label, class, modulation, mod); it ",
        ),
        ("file,kind\niq/0.cf32,a\n", "it has file, kind"),
        ("name,label\niq/0.cf32,a\n", "lacks a column of files (file, filename, file_name, path)"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(files, text, words):
    assert words in refusal(table(files, text))


def test_other_tables_are_not_recognised(files):
    assert not is_recording_table(table(files, "0.1,0.2\n0.3,0.4\n"))
    assert not is_recording_table(table(files, "label\nBPSK\n"))
    assert not is_recording_table(files / "iq" / "0.cf32")


@pytest.mark.parametrize("line", ["a\rb,c\n1,2\n", '"a\rb",c\n', "x" * 200_000 + ",y\n", "\r\r\n"])
def test_a_first_line_that_is_none_names_no_column(tmp_path, line):
    path = table(tmp_path, line, "odd.csv")
    assert not is_recording_table(path)
    refusal(path)
