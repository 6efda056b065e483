"""Pictures in text are those that were put in."""

import base64
import io

import numpy as np
import pytest
from matplotlib.image import imread

from rfmae.reporting.plane_png import decode_planes, encode_planes


@pytest.mark.parametrize("planes", [1, 2, 3, 5])
def test_planes_come_back_to_half_a_step(planes, rng):
    image = rng.random((planes, 9, 7))
    again = decode_planes(encode_planes(image), planes)
    assert again.shape == image.shape
    assert np.abs(again - image).max() <= 0.5 / 255 + 1e-9


@pytest.mark.parametrize("planes", [1, 3, 4])
def test_a_picture_that_was_read_is_written_as_it_was(planes, rng):
    text = encode_planes(rng.random((planes, 8, 8)))
    assert encode_planes(decode_planes(text, planes)) == text


def test_three_planes_are_red_green_and_blue_for_another_reader():
    image = np.zeros((3, 2, 4))
    image[0, 0, 1] = image[1, 1, 2] = image[2, 0, 3] = 1.0
    seen = imread(io.BytesIO(base64.b64decode(encode_planes(image))), format="png")
    assert seen.shape == (2, 4, 3)
    assert seen[0, 1].tolist() == [1, 0, 0]
    assert seen[1, 2].tolist() == [0, 1, 0]
    assert seen[0, 3].tolist() == [0, 0, 1]


def test_what_lies_outside_of_black_and_white_is_clipped():
    again = decode_planes(encode_planes(np.array([[[-3.0, 7.0]]])), 1)
    assert again.tolist() == [[[0.0, 1.0]]]
