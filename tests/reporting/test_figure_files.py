"""Figures are written whole or not at all, the same bytes each time."""

import errno

import pytest
from matplotlib.figure import Figure

from rfmae.errors import ArtefactError
from rfmae.reporting.figure_files import save_figure


@pytest.fixture
def figure():
    drawn = Figure()
    drawn.subplots().plot([0, 1], [0, 1])
    return drawn


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("b.SVG", b"<?xml")])
def test_the_suffix_says_what_is_written_and_each_time_it_is_the_same(
    figure, tmp_path, name, begins
):
    path = tmp_path / "new" / name
    save_figure(figure, path)
    first = path.read_bytes()
    save_figure(figure, path)
    assert first.startswith(begins)
    assert path.read_bytes() == first
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["a.pdf", "a", "a.png.txt"])
def test_another_suffix_is_refused_with_those_that_can_be_had(figure, tmp_path, name):
    with pytest.raises(ArtefactError, match=r"\.png or \.svg, got .*--out"):
        save_figure(figure, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_and_what_lies_under_a_file_are_refused(figure, tmp_path):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ArtefactError, match="is a folder"):
        save_figure(figure, tmp_path / "folder.png")
    with pytest.raises(ArtefactError, match="a part of its path is a file"):
        save_figure(figure, tmp_path / "file" / "a.png")
    with pytest.raises(ArtefactError, match="too long"):
        save_figure(figure, tmp_path / f"{'x' * 300}.png")


def test_a_full_disk_leaves_the_older_figure(figure, tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"the older one")

    def full(self, target, **options):
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(ArtefactError, match="no space left"):
        save_figure(figure, path)
    assert path.read_bytes() == b"the older one"
    assert list(tmp_path.iterdir()) == [path]
