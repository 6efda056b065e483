import time

import pytest

from rfmae.training.throughput import Throughput


def test_a_pause_is_no_time():
    throughput = Throughput()
    throughput.advance(10)
    time.sleep(0.05)
    with throughput.pause():
        time.sleep(0.2)
    metrics = throughput.lap(0.025)
    # 10 in at least 50 ms; with the pause it would be at most 40
    assert 40 < metrics["images_per_second"] <= 200
    assert 0.125 < metrics["waiting_share"] <= 0.5


def test_a_lap_begins_where_the_last_one_ended():
    throughput = Throughput()
    throughput.advance(1000)
    throughput.lap(0.0)
    time.sleep(0.01)
    assert throughput.lap(0.0)["images_per_second"] == 0


@pytest.mark.parametrize("waited_s", [0.0, 1e-6, 1e6])
def test_a_share_is_a_share(waited_s):
    assert 0 <= Throughput().lap(waited_s)["waiting_share"] <= 1
