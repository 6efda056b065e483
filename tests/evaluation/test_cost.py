import time

import pytest
from small_predictors import knowing, linear_recipe, predictor, write

from rfmae.errors import ShapeError
from rfmae.evaluation import cost
from rfmae.evaluation.cost import measure_cost


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


def test_a_slow_candidate_is_requested_no_longer_than_it_must(observed, monkeypatch):
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
