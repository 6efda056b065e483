"""Figures on disk: PNG and SVG, written atomically and reproducibly."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from rfmae.artefacts import disk_errors
from rfmae.errors import ArtefactError

SUFFIXES = (".png", ".svg")

_DPI = 140


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG or SVG atomically; the same figure gives the same bytes."""
    check_suffix(path)
    beside = path.with_name(f".{path.stem}.partial{path.suffix}")
    with disk_errors(path):
        _refuse_what_is_no_file(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with matplotlib.rc_context({"svg.hashsalt": "rfmae"}):
                figure.savefig(beside, dpi=_DPI, metadata=_undated(path))
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def save_both(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PNG and as SVG; it is laid out once."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for suffix in SUFFIXES:
        save_figure(figure, folder / f"{name}{suffix}")


def check_suffix(path: Path) -> None:
    """Raise `ArtefactError` for a figure's name with another suffix."""
    if path.suffix.lower() not in SUFFIXES:
        raise ArtefactError(
            f"a figure is written as {' or '.join(SUFFIXES)}, got {str(path)!r}; "
            "end the name of --out with one of them"
        )


def _refuse_what_is_no_file(path: Path) -> None:
    if path.is_dir():
        raise ArtefactError(f"{path} is a folder, not a figure file; name a file")
    if any(parent.exists() and not parent.is_dir() for parent in path.parents):
        raise ArtefactError(f"cannot write {path}: a part of its path is a file; name another")


def _undated(path: Path) -> dict[str, None]:
    return {"Date": None} if path.suffix.lower() == ".svg" else {}
