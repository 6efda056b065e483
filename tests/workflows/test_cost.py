import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_predictors import knowing, linear_recipe, predictor, write

from rfmae.errors import ShapeError
from rfmae.workflows.evaluate import cost
from rfmae.workflows.evaluate.cost import measure_cost
from rfmae.workflows.evaluate.memory import own_peak_kib, process_peak_mib
from rfmae.workflows.evaluate.predictors import open_predictor

SOURCE = """
import numpy as np


def heavy(iq):
    assert len(iq) == 6
    return np.full((len(iq), 3), np.ones(400 * 2**17).max() / 3)
"""


@pytest.fixture(scope="module")
def dataset(tiny_recipe, tmp_path_factory):
    return write(linear_recipe(tiny_recipe), tmp_path_factory.mktemp("cost"))


@pytest.fixture(scope="module")
def observed(dataset):
    return dataset.read_views("test", ("symbols",))


def sleeping(seconds):
    def answer(observed):
        time.sleep(seconds(len(observed["symbols"])))
        return knowing(observed)

    return predictor(answer)


def test_latency_is_that_of_one_example_and_throughput_that_of_a_batch(observed, monkeypatch):
    monkeypatch.setattr(cost, "_SECONDS", 0.3)
    found = measure_cost(sleeping(lambda count: 0.005 if count == 1 else 0.05), observed)
    # a sleep is never shorter than requested; a busy machine may make it much longer
    assert 5 <= found.latency_p50_ms < 45
    assert found.latency_p50_ms <= found.latency_p95_ms
    assert 1_000 < found.examples_per_second <= 180 / 0.05
    assert found.batch_size == 180


def test_percentiles_are_of_a_hundred_calls(observed):
    calls = []

    def answer(observed):
        calls.append(len(observed["symbols"]))
        time.sleep(0.02 if calls.count(1) % 10 == 0 else 0.0)  # every tenth call is slow
        return knowing(observed)

    found = measure_cost(predictor(answer), observed)
    assert calls.count(1) == 3 + 100
    assert calls.count(180) == 100
    assert found.latency_p50_ms < 20 <= found.latency_p95_ms


def test_a_slow_candidate_is_asked_no_longer_than_it_must(observed, monkeypatch):
    monkeypatch.setattr(cost, "_SECONDS", 0.05)
    calls = []

    def answer(observed):
        calls.append(len(observed["symbols"]))
        time.sleep(0.06)
        return knowing(observed)

    measure_cost(predictor(answer), observed)
    assert calls == [1, 1, 1, 1, 180]


def test_what_has_no_network_has_no_parameters(observed):
    found = measure_cost(predictor(knowing), observed)
    assert (found.parameters, found.macs, found.peak_memory_mib) == (None, None, None)
    assert found.device == "cpu"
    assert found.threads >= 1


def test_nothing_is_measured_on_nothing(dataset):
    with pytest.raises(ShapeError, match="at least one example"):
        measure_cost(predictor(knowing), dataset.read_views("test", ("symbols",), slice(0)))


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
