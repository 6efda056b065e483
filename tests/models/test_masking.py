import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from rfmae.configuration.masking import Masking, visible_count
from rfmae.errors import ShapeError
from rfmae.models.masking import complementary_masks, masking_of_step, random_mask

STEPS = 1000
RAMP = Masking(start_ratio=0.5)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(5)


def shown(masking, patches):
    """Visible patches at every step of a run."""
    return [masking.visible_at(patches, step, STEPS) for step in range(STEPS + 1)]


def units_of(ids, columns, unit):
    return ids // columns // unit * 100 + ids % columns // unit


def test_the_paper_sees_49_of_196_patches():
    assert visible_count(196, 0.75) == 49
    assert set(shown(Masking(), 196)) == {49}


@pytest.mark.parametrize(
    ("patches", "ratio", "visible"), [(5, 0.8, 1), (10, 0.9, 1), (100, 0.8, 20), (100, 0.9, 10)]
)
def test_a_share_that_is_a_whole_number_of_patches_is_not_rounded_to_one_less(
    patches, ratio, visible
):
    # in floating point patches · (1 − ratio) falls just short of each of these
    assert int(patches * (1 - ratio)) == visible - 1
    assert visible_count(patches, ratio) == visible


@pytest.mark.parametrize("ratio", [1e-12, 0.02, 0.5, 0.99, 1 - 1e-12])
def test_something_is_visible_and_something_hidden_whatever_the_ratio(ratio):
    assert 1 <= visible_count(7, ratio) <= 6


@pytest.mark.parametrize("patches", [2, 9, 16, 49, 64, 100, 196, 256])
@pytest.mark.parametrize("ends", [(0.5, 0.75), (0.75, 0.6), (0.3, 0.9)], ids=str)
def test_a_ramp_runs_from_one_fixed_ratio_to_the_other_and_never_back(patches, ends):
    start, end = ends
    visible = shown(Masking(ratio=end, start_ratio=start), patches)
    assert visible[0] == visible_count(patches, start)
    assert visible[STEPS // 2 :] == [visible_count(patches, end)] * (STEPS // 2 + 1)
    assert visible in (sorted(visible), sorted(visible, reverse=True))
    assert Masking(ratio=end, start_ratio=start).most_visible(patches) == max(visible)


def test_the_published_ramp_knows_eight_shapes():
    assert sorted(set(shown(RAMP, 196))) == [49, 56, 63, 70, 77, 84, 91, 98]


def test_the_ratio_moves_in_a_straight_line_to_the_middle_of_the_run():
    ratios = [RAMP.ratio_at(step, STEPS) for step in (0, 125, 250, 500, 999)]
    assert ratios == pytest.approx([0.5, 0.5625, 0.625, 0.75, 0.75])


def test_each_step_stays_within_half_a_quantum_of_the_requested_share():
    for step in range(STEPS):
        requested = 196 * (1 - RAMP.ratio_at(step, STEPS))
        assert abs(RAMP.visible_at(196, step, STEPS) - requested) <= RAMP.quantum / 2 + 1e-9


def test_without_a_ramp_the_ratio_is_one_throughout():
    assert {Masking(ratio=0.6).ratio_at(step, STEPS) for step in range(STEPS)} == {0.6}
    assert set(shown(Masking(ratio=0.6), 196)) == {78}


def test_a_run_of_one_step_has_a_ramp():
    assert [RAMP.visible_at(196, step, 1) for step in (0, 1)] == [98, 49]


DRAWN = Masking(lowest=0.0)


@pytest.mark.parametrize("patches", [2, 9, 196])
def test_a_ratio_of_nothing_hides_nothing(patches):
    assert visible_count(patches, 0.0) == patches
    assert set(shown(Masking(ratio=0.0), patches)) == {patches}
    assert Masking(ratio=0.0).includes_zero


def test_drawn_ratios_lie_evenly_from_the_lowest_to_the_highest_and_come_equally_often(generator):
    ratios = [masking_of_step(DRAWN, generator).ratio for _ in range(4000)]
    found, often = np.unique(ratios, return_counts=True)
    assert found == pytest.approx([0.0, 0.25, 0.5, 0.75])
    assert chisquare(often).pvalue > 1e-4
    assert sorted({m.visible_at(196, 0, 1) for m in map(Masking, found)}) == [49, 98, 147, 196]


def test_a_drawn_ratio_is_one_for_the_step_whatever_the_step(generator):
    drawn = masking_of_step(Masking(0.6, lowest=0.3), generator)
    assert len(set(shown(drawn, 100))) == 1
    assert drawn.lowest is None


@pytest.mark.parametrize("masking", [Masking(), RAMP], ids=["one ratio", "a ramp"])
def test_nothing_is_drawn_where_no_ratio_is(masking, generator):
    before = generator.get_state()
    assert masking_of_step(masking, generator) is masking
    assert masking.least is masking
    assert torch.equal(generator.get_state(), before)
    assert not masking.includes_zero


def test_a_network_of_drawn_ratios_is_validated_with_the_lowest_and_needs_memory_for_it():
    assert DRAWN.least.visible_at(196, 1, 1) == DRAWN.most_visible(196) == 196
    assert DRAWN.visible_at(196, 1, 1) == 49  # where something is to be hidden, it is the most
    assert Masking(0.75, lowest=0.5).most_visible(196) == 98
    assert [DRAWN.includes_zero, Masking(0.75, lowest=0.5).includes_zero] == [True, False]


@pytest.mark.parametrize("counts", [(14, 14), (4, 4), (5, 7), (3, 1), (64,), (13,)], ids=str)
@pytest.mark.parametrize("unit", [1, 2, 3])
def test_visible_and_hidden_partition_the_patches(counts, unit, generator):
    patches = math.prod(counts)
    for visible in {1, patches // 4, patches // 2, patches - 1, patches} - {0}:
        mask = random_mask(5, counts, visible, generator, unit=unit)
        assert mask.visible == visible
        assert torch.equal(mask.patch_ids.sort(dim=1).values, torch.arange(patches).expand(5, -1))


def test_a_mask_of_single_patches_is_the_order_of_uniform_numbers(generator):
    order = torch.rand(4, 196, generator=torch.Generator().manual_seed(5)).argsort(dim=1)
    mask = random_mask(4, (14, 14), 49, generator)
    assert torch.equal(mask.patch_ids, order)


def test_masks_of_one_batch_differ(generator):
    for unit in (1, 2):
        mask = random_mask(8, (8, 8), 16, generator, unit=unit)
        assert len({tuple(sorted(row)) for row in mask.visible_ids.tolist()}) == 8


@pytest.mark.parametrize(("visible", "cut"), [(48, 0), (49, 1), (51, 1), (52, 0)])
def test_squares_of_patches_are_hidden_whole_but_for_the_one_that_is_cut(visible, cut, generator):
    mask = random_mask(20, (14, 14), visible, generator, unit=2)
    for shown_ids, hidden_ids in zip(mask.visible_ids, mask.hidden_ids, strict=True):
        both = {*units_of(shown_ids, 14, 2).tolist()} & {*units_of(hidden_ids, 14, 2).tolist()}
        assert len(both) == cut


def test_runs_of_a_sequence_are_hidden_whole(generator):
    mask = random_mask(20, (64,), 16, generator, unit=4)
    runs = mask.hidden.view(20, 16, 4).sum(dim=2)
    assert {*runs.flatten().tolist()} == {0, 4}


@pytest.mark.parametrize("unit", [1, 2, 3])
def test_every_patch_is_visible_equally_often(unit, generator):
    n, visible = 4000, 49
    often = (~random_mask(n, (14, 14), visible, generator, unit=unit).hidden).float().mean(dim=0)
    share = visible / 196
    # 3×3 units do not fit: smaller ones at the edges are visible half a percent more often, within
    # the five deviations of 4000 draws of the test
    assert (often - share).abs().max() < 5 * (share * (1 - share) / n) ** 0.5


@pytest.mark.parametrize("place", [0, -2], ids=["first", "last"])
def test_neighbouring_tokens_are_a_random_pair_of_the_visible(place, generator):
    n = 4000
    mask = random_mask(n, (14, 14), 48, generator, unit=2)
    pair = units_of(mask.visible_ids[:, [place, place + 1]], 14, 2)
    share = 3 / 47  # of 47 others, three stand in the same unit
    together = (pair[:, 0] == pair[:, 1]).float().mean().item()
    assert together == pytest.approx(share, abs=5 * (share / n) ** 0.5)


@pytest.mark.parametrize("unit", [1, 2])
def test_a_mask_says_which_tokens_lose_their_position_and_which_are_noised(unit, generator):
    mask = random_mask(2, (4, 4), 8, generator, unit=unit, unplaced=3, noised=5)
    assert (mask.unplaced, mask.noised) == (3, 5)
    assert mask.visible == mask.unplaced + mask.noised


@pytest.mark.parametrize(("patches", "visible"), [(16, 4), (9, 2), (64, 32), (10, 7), (5, 1)])
def test_complementary_masks_hide_every_patch_and_show_every_patch(patches, visible, generator):
    masks = complementary_masks(3, patches, visible, generator)
    hidden = torch.stack([mask.hidden for mask in masks]).sum(dim=0)
    assert len(masks) == -(-patches // visible)
    assert {mask.visible for mask in masks} == {visible}
    assert hidden.min() >= len(masks) - 2  # twice visible only where they do not divide
    assert hidden.max() == len(masks) - 1
    if patches % visible == 0:
        assert hidden.min() == len(masks) - 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ratio": 1.0}, "mask ratio must be from 0 to below 1, got 1"),
        ({"ratio": -0.1}, "mask ratio must be from 0 to below 1, got -0.1"),
        ({"lowest": 0.8}, "lowest mask ratio must not exceed the highest, 0.75, got 0.8"),
        ({"lowest": -0.5}, "mask lowest must be from 0 to below 1, got -0.5"),
        ({"lowest": 0.0, "start_ratio": 0.5}, "got lowest 0 and start_ratio 0.5; leave out one"),
        ({"start_ratio": 0.0}, "mask start ratio must be positive and below 1, got 0"),
        ({"ramp_share": 0.0}, "ramp_share must be positive and at most 1, got 0"),
        ({"quantum": 0}, "quantum must be at least 1, got 0"),
        ({"unit": 0}, "mask unit must be from 1 to 1,024, got 0"),
    ],
)
def test_a_masking_that_makes_no_sense_is_refused(change, message):
    with pytest.raises(ShapeError, match=message):
        Masking(**change)


def test_an_input_of_one_patch_cannot_be_masked():
    with pytest.raises(ShapeError, match="at least 2 patches, got 1"):
        Masking().visible_at(1, 0, 10)


@pytest.mark.parametrize("visible", [0, 17])
def test_more_visible_patches_than_there_are_is_refused(visible, generator):
    with pytest.raises(ShapeError, match=f"must lie in 1 to 16, got {visible}"):
        random_mask(1, (4, 4), visible, generator)
    with pytest.raises(ShapeError, match=f"must lie in 1 to 16, got {visible}"):
        complementary_masks(1, 16, visible, generator)
