"""What differs between two records, in words."""

from dataclasses import replace

from rfmae.models.patches import PatchGrid
from rfmae.models.vit import EncoderConfig
from rfmae.records import DECAY_PLANES, ImageConfig
from rfmae.records.differences import differences


def test_equal_records_differ_in_nothing():
    assert differences(ImageConfig(), ImageConfig()) == ""


def test_each_field_that_differs_is_named_with_both_values():
    found = differences(ImageConfig(size=64, extent=2.0), ImageConfig())
    assert found == "size 64 instead of 224, extent 2.0 instead of 2.5"


def test_planes_are_named_in_their_own_words():
    one = ImageConfig(planes=(replace(DECAY_PLANES[0], half_width=7),))
    found = differences(one, ImageConfig(planes=DECAY_PLANES[:1]))
    assert found == "planes (symbols, decay 7) instead of (symbols, decay 5)"


def test_records_within_records_are_looked_into():
    grid = PatchGrid("image", (3, 32, 32), 8)
    found = differences(EncoderConfig((grid,), 16, 2, 2), EncoderConfig((grid,), 32, 2, 2))
    assert found == "width 16 instead of 32"
    finer = EncoderConfig((replace(grid, patch=4),), 16, 2, 2)
    assert differences(finer, EncoderConfig((grid,), 16, 2, 2)) == "image patch 4 instead of 8"
