import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from small_predictors import linear_recipe, write

from rfmae.evaluation.memory import own_peak_kib
from rfmae.workflows.evaluate.memory import process_peak_mib
from rfmae.workflows.evaluate.predictors import open_predictor

SOURCE = """
import numpy as np


def heavy(iq):
    assert len(iq) in (2, 6)  # the trial, and what is measured
    return np.full((len(iq), 3), np.ones(400 * 2**17).max() / 3)
"""


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write(linear_recipe(tiny_recipe), tmp_path_factory.mktemp("cost"))


@pytest.mark.slow  # 1,400 MiB; `make test` measures a peak in tests/cli/test_eval_snr.py
@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="Linux tells the peak")
def test_peak_memory_is_that_of_a_process_that_does_nothing_else(dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("my_memory.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    ours = np.ones(1000 * 2**17)  # 1,000 MiB that are none of the predictor's
    origin = open_predictor(dataset, Path("my_memory:heavy"), "cpu").origin
    found = process_peak_mib(origin, 6)
    assert own_peak_kib() > 1000 * 1024
    assert ours[-1] == 1
    assert 400 < found < 1000  # the answer's 400 MiB, and some 300 of Python and its libraries


def test_peak_memory_of_a_process_that_fails_is_not_known(dataset, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    origin = open_predictor(dataset, Path("likelihood"), "cpu").origin
    assert process_peak_mib(origin, 6) is None
