"""Which stretches of a burst are measured, and which bursts are named together."""

import numpy as np

from rfmae.bursts.grouping import same_band_groups
from rfmae.bursts.windows import WINDOW, active_runs, windows_of
from rfmae.signal.detection import Burst, Isolated


def isolated(iq: np.ndarray, snr_db: float = 20.0) -> Isolated:
    return Isolated(iq.astype(np.complex64), 0.1, 0.0, snr_db, 0.33, 0, len(iq), 0)


def noise(count: int, power: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, 2)) @ [1, 1j] * np.sqrt(power / 2)


def test_silence_inside_of_a_burst_is_left_out():
    iq = np.concatenate([noise(5000, 1.0), noise(8000, 0.01), noise(3000, 1.0)])
    runs = active_runs(isolated(iq))
    assert len(runs) == 2
    assert abs(runs[0].stop - 5000) < 150 and abs(runs[1].start - 13000) < 150
    assert runs[1].stop == len(iq)


def test_a_burst_without_silence_is_one_run():
    iq = noise(5000, 1.0)
    assert active_runs(isolated(iq)) == [range(5000)]
    assert [len(window.iq) for window in windows_of([isolated(iq)])] == [5000]


def test_of_a_weak_burst_nothing_is_called_silence():
    iq = np.concatenate([noise(5000, 1.0), noise(5000, 0.5)])
    assert active_runs(isolated(iq, 3.0)) == [range(10_000)]


def test_a_long_burst_has_windows_from_end_to_end():
    iq = np.arange(10 * WINDOW) / WINDOW + 1.0
    windows = windows_of([isolated(iq, 3.0)])
    assert len(windows) == 8 and all(len(window.iq) == WINDOW for window in windows)
    assert windows[0].iq[0] == 1.0 and windows[-1].iq[-1] == iq[-1].astype(np.float32)


def test_short_bursts_are_one_window_together():
    parts = [isolated(noise(100, 1.0, seed)) for seed in range(6)]
    windows = windows_of(parts)
    assert [len(window.iq) for window in windows] == [600]
    assert windows[0].part is None
    assert windows_of(parts[:1]) == []


def test_short_bursts_of_a_band_are_a_group_and_long_ones_stand_alone():
    bursts = [
        Burst(0, 1000, 0.1, 0.2, 10.0),
        Burst(2000, 3000, 0.101, 0.199, 10.0),
        Burst(4000, 5000, -0.3, -0.2, 10.0),
        Burst(6000, 16000, 0.1, 0.2, 10.0),
    ]
    assert same_band_groups(bursts) == [[0, 1], [2], [3]]
