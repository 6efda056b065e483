"""Parts of the work that most tests of whole commands look past, and that others test alone."""

from contextlib import contextmanager

import pytest


@contextmanager
def no_figures():
    """Reports and curves without figures, which take most of the time of small ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfmae.reporting.folder._draw", lambda report, folder: folder.mkdir())
        patch.setattr("rfmae.reporting.label_curve_tables.save_figure", lambda *_: None)
        yield


@contextmanager
def few_directions():
    """A linear optimum of 32 directions in place of 1,024, which are a large factorisation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rfmae.analysis.linear_denoiser._MOST_DIRECTIONS", 32)
        yield
