"""Thresholds of averaged boxes, against noise itself and against the gamma distribution."""

import numpy as np
import pytest
from detection_signals import noise
from scipy.special import gammainccinv

from rfmae.signal.detection.cells import box_means, box_threshold
from rfmae.signal.detection.time_frequency import spectrogram


def test_a_single_cell_is_exponential():
    assert box_threshold(1, 1, 1e-3, 0.0) == pytest.approx(-np.log(1e-3), rel=0.03)


def test_many_frames_of_a_bin_have_the_gamma_distribution():
    expected = gammainccinv(16, 1e-4) / 16
    assert box_threshold(16, 1, 1e-4, 0.0) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(("frame", "a", "b"), [(64, 1, 4), (64, 4, 16), (16, 4, 16), (16, 1, 16)])
def test_noise_exceeds_thresholds_as_often_as_they_say(rng, frame, a, b):
    power = spectrogram(noise(rng, 2**20), frame).power
    means = box_means(power, a, b)
    exceeded = np.mean(means > box_threshold(a, b, 1e-3, 0.0, frame))
    assert 0.5e-3 < exceeded < 2e-3
