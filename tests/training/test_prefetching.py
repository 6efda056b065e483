import threading
import time

import pytest
import torch
from toy_task import CPU, assert_same_run, train_toy

from rfmae.training import engine
from rfmae.training.prefetching import Prefetcher, in_steps


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_batches_come_in_order_and_each_is_made_once(ahead):
    made = []
    with Prefetcher(lambda number: made.append(number) or number, 5, CPU, ahead) as prefetcher:
        assert [prefetcher.take() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert made == [0, 1, 2, 3, 4]


def test_a_feed_runs_ahead_as_far_as_configured():
    made = []
    with Prefetcher(made.append, 9, CPU, 2) as prefetcher:
        prefetcher.take()
        deadline = time.monotonic() + 5
        while len(made) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert made == [0, 1, 2]


def test_an_error_shows_where_its_batch_would_have_been_taken():
    def make(number):
        if number == 2:
            raise KeyError("bad example")
        return number

    with Prefetcher(make, 9, CPU) as prefetcher:
        assert [prefetcher.take(), prefetcher.take()] == [0, 1]
        with pytest.raises(KeyError, match="bad example"):
            prefetcher.take()


@pytest.mark.parametrize("error", [None, KeyError])
def test_the_thread_ends_when_the_loop_does(error):
    def feeders():
        return [thread for thread in threading.enumerate() if thread.name.startswith("feed")]

    try:
        with Prefetcher(lambda number: number, 99, CPU) as prefetcher:
            prefetcher.take()
            assert feeders()
            if error:
                raise error
    except KeyError:
        pass
    assert not feeders()


def test_waiting_is_the_time_that_taking_takes():
    def slow(number):
        time.sleep(0.02)

    with Prefetcher(slow, 4, CPU, ahead=0) as prefetcher:
        prefetcher.take()
        prefetcher.take()
        assert 0.04 <= prefetcher.waited_s() < 1
        assert prefetcher.waited_s() == 0
    with Prefetcher(slow, 4, CPU) as prefetcher:
        time.sleep(0.3)  # two are ready by now, on the busiest machine
        prefetcher.take()
        assert prefetcher.waited_s() < 0.02


def test_nothing_that_is_fed_needs_gradients():
    weight = torch.ones(2, requires_grad=True)
    with Prefetcher(lambda number: weight * 2, 1, CPU) as prefetcher:
        assert not prefetcher.take().requires_grad


def test_steps_are_fed_piece_by_piece():
    microbatches = [slice(0, 4), slice(4, 8)]
    make, count = in_steps(lambda step, microbatch: (step, microbatch.start), 7, 9, microbatches)
    assert [make(number) for number in range(count)] == [(7, 0), (7, 4), (8, 0), (8, 4)]


def test_how_far_a_feed_runs_ahead_changes_no_number(tmp_path, monkeypatch, one_thread):
    train_toy(tmp_path / "ahead")
    monkeypatch.setattr(engine, "Prefetcher", lambda *arguments: Prefetcher(*arguments, ahead=0))
    train_toy(tmp_path / "at-once")
    assert_same_run(tmp_path / "ahead", tmp_path / "at-once")
