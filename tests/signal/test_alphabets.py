"""The alphabets against their laws, komm, the textbook's numbers and the labels of DVB-S2."""

from fractions import Fraction

import komm
import numpy as np
import pytest

from rfmae.errors import RecipeError
from rfmae.signal.alphabets import (
    apsk,
    bipolar_pam,
    cross_qam,
    psk,
    square_qam,
    unipolar_ask,
)
from rfmae.signal.bits import gray_code, indices_to_bits
from rfmae.units import ratio_to_db

LINES = [(unipolar_ask, order) for order in (2, 4, 8, 16)]
LINES += [(bipolar_pam, order) for order in (2, 4, 8, 16)]
CIRCLES = [(psk, order) for order in (2, 4, 8, 16, 32, 64)]
SQUARES = [(square_qam, order) for order in (4, 16, 64, 256, 1024)]
CROSSES = [(cross_qam, order) for order in (32, 128, 512)]
RINGS = [(apsk, order) for order in (16, 32, 64, 128)]
EVERY = LINES + CIRCLES + SQUARES + CROSSES + RINGS


def over(families):
    names = [f"{make.__name__}-{order}" for make, order in families]
    return pytest.mark.parametrize(("make", "order"), families, ids=names)


def bit_differences(order):
    """How many bits the labels of any two points differ in, (order, order)."""
    bits = indices_to_bits(np.arange(order)[:, None], order.bit_length() - 1).astype(int)
    return np.abs(bits[:, None] - bits).sum(axis=-1)


def distances(points):
    return np.abs(points[:, None] - points) + np.diag(np.full(len(points), np.inf))


def neighbours(points):
    """Which pairs are at the smallest distance of the whole alphabet, (order, order)."""
    apart = distances(points)
    return apart < apart.min() * (1 + 1e-9)


# --- laws


@over(EVERY)
def test_every_alphabet_has_as_many_points_as_labels_and_unit_power(make, order):
    points = make(order)
    assert points.shape == (order,)
    assert points.dtype == np.complex128
    assert distances(points).min() > 0.05
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1.0, abs=1e-12)


@over([family for family in EVERY if family[0] is not unipolar_ask])
def test_every_alphabet_but_unipolar_ask_has_no_carrier(make, order):
    assert abs(np.mean(make(order))) < 1e-12


@over(CIRCLES[1:] + SQUARES + CROSSES + RINGS[:-1])
def test_a_quarter_turn_maps_the_alphabet_onto_itself(make, order):
    points = make(order)
    assert np.abs(points[:, None] * 1j - points).min(axis=1).max() < 1e-12


def test_a_quarter_turn_maps_128apsk_almost_onto_itself():
    # the standard rounds the phases of each quadrant on their own, by some π/5040
    points = apsk(128)
    missed = np.abs(points[:, None] * 1j - points).min(axis=1).max()
    assert 1e-6 < missed < 2 * np.pi / 5040


@over(LINES + CIRCLES + SQUARES + [RINGS[0], RINGS[2]])
def test_nearest_neighbours_differ_in_one_bit(make, order):
    near = neighbours(make(order))
    assert near.any()
    assert (bit_differences(order)[near] == 1).all()


@pytest.mark.parametrize("turn", [0.0, 1 / 8, 0.3])
@pytest.mark.parametrize("order", [2, 4, 8])
def test_the_first_phase_stands_where_is_requested(order, turn):
    np.testing.assert_allclose(psk(order, turn)[0], np.exp(2j * np.pi * turn), atol=1e-12)


# --- crosses


@pytest.mark.parametrize(("order", "penalty"), [(32, 7 / 6), (128, 1.1302), (512, 1.0951)])
def test_the_labels_of_a_cross_are_nearly_gray(order, penalty):
    """Smith's Gray penalty: in how many bits a neighbour differs, the mean over the points."""
    near = neighbours(cross_qam(order))
    per_point = (bit_differences(order) * near).sum(axis=1) / near.sum(axis=1)
    assert per_point.mean() == pytest.approx(penalty, abs=5e-5)  # as printed


def test_eight_of_52_neighbour_pairs_of_32qam_differ_in_two_bits_and_none_in_more():
    near = np.triu(neighbours(cross_qam(32)))
    assert np.bincount(bit_differences(32)[near]).tolist() == [0, 44, 8]


@pytest.mark.parametrize(("order", "width", "height"), [(32, 8, 4), (128, 16, 8)])
def test_three_quarters_of_a_cross_keep_the_gray_labels_of_the_rectangle(order, width, height):
    rectangle = komm.QAMConstellation((width, height)).matrix.ravel()
    label = (gray_code(width)[:, None] * height + gray_code(height)).ravel()
    cross = cross_qam(order)[label] * np.sqrt(komm.CrossQAMConstellation(order).mean_energy())
    stay = np.abs(rectangle.real) < 3 * height / 2
    assert stay.sum() == 3 * order // 4
    np.testing.assert_allclose(cross[stay], rectangle[stay], atol=1e-12)
    # what moves stays in its quadrant, and its column becomes a row
    assert np.array_equal(np.sign(cross[~stay].real), np.sign(rectangle[~stay].real))
    np.testing.assert_allclose(np.abs(cross[~stay].real), np.abs(rectangle[~stay].imag), atol=1e-9)


# --- rings

RING_SIZES = {16: (4, 12), 32: (4, 12, 16), 64: (16,) * 4, 128: (16,) * 5 + (48,)}
RING_RATIOS = {
    16: (2.85,),
    32: (2.84, 5.27),
    64: (1.88, 2.72, 3.95),
    128: (1.715, 2.118, 2.681, 2.75, 3.819),
}
FIRST_TURNS = {16: (1 / 8, 1 / 24), 32: (1 / 8, 1 / 24, 0.0), 64: (1 / 32,) * 4}


def labels_round_the_rings(points):
    """Labels of every ring, from the innermost, counter-clockwise."""
    radii = np.abs(points).round(9)
    turns = np.angle(points) % (2 * np.pi)
    return [
        sorted(np.flatnonzero(radii == radius), key=lambda label: turns[label])
        for radius in np.unique(radii)
    ]


@pytest.mark.parametrize("order", RING_SIZES)
def test_rings_have_the_sizes_and_radii_of_the_standard(order):
    points = apsk(order)
    radii, sizes = np.unique(np.abs(points).round(9), return_counts=True)
    assert tuple(sizes) == RING_SIZES[order]
    np.testing.assert_allclose(radii[1:] / radii[0], RING_RATIOS[order], atol=1e-7)


@pytest.mark.parametrize("order", FIRST_TURNS)
def test_even_rings_hold_the_points_of_komm(order):
    theirs = komm.APSKConstellation(
        orders=RING_SIZES[order],
        amplitudes=(1.0, *RING_RATIOS[order]),
        phase_offsets=FIRST_TURNS[order],
    )
    expected = theirs.matrix.ravel() / np.sqrt(theirs.mean_energy())
    nearest = np.abs(apsk(order)[:, None] - expected)
    assert nearest.min(axis=1).max() < 1e-12
    assert nearest.min(axis=0).max() < 1e-12


@pytest.mark.parametrize(
    ("order", "ring", "degrees_of_labels"),
    [
        (16, 0, {0b1100: 45, 0b1101: -45, 0b1110: 135, 0b1111: -135}),
        (16, 1, {0b0000: 45, 0b0001: -45, 0b0010: 135, 0b0011: -135}),
        (16, 1, {0b0100: 15, 0b0101: -15, 0b0110: 165, 0b0111: -165}),
        (16, 1, {0b1000: 75, 0b1001: -75, 0b1010: 105, 0b1011: -105}),
        (32, 0, {0b10001: 45, 0b10011: -45, 0b10101: 135, 0b10111: -135}),
        (32, 1, {0b00000: 45, 0b00001: 75, 0b10000: 15, 0b10010: -15, 0b00101: 105}),
        (32, 2, {0b11000: 0, 0b01000: 22.5, 0b11001: 45, 0b01101: 90, 0b11110: 180, 0b01011: -90}),
        (64, 0, {0b000000: 11.25, 0b000100: -11.25, 0b001000: 168.75, 0b001100: -168.75}),
        (64, 3, {0b100011: 56.25, 0b100111: -56.25, 0b101011: 123.75, 0b101111: -123.75}),
        (64, 2, {0b110010: 78.75, 0b110110: -78.75}),
    ],
)
def test_labels_are_those_of_the_standard(order, ring, degrees_of_labels):
    """ETSI EN 302 307-1, figures 11 and 12; EN 302 307-2, the table of 64APSK."""
    points = apsk(order)
    radii = np.unique(np.abs(points).round(9))
    labels = list(degrees_of_labels)
    phases = np.exp(1j * np.deg2rad([degrees_of_labels[label] for label in labels]))
    np.testing.assert_allclose(points[labels], radii[ring] * phases, atol=1e-8)


# in units of π, as the standard writes them: labels 0 to 31 of 128APSK
PHASES_128 = """
    83/1260 11/105 37/1680 11/168 121/2520 23/280 19/720 61/720
    103/560 61/420 383/1680 929/5040 113/560 169/1008 563/2520 139/840
    243/560 1993/5040 43/90 73/168 1139/2520 117/280 341/720 349/840
    177/560 1789/5040 49/180 53/168 167/560 239/720 199/720 281/840
"""


def test_the_first_quadrant_of_128apsk_is_that_of_the_standard():
    """ETSI EN 302 307-2, the table of 128APSK, whose columns repeat the same eight rings."""
    points = apsk(128)[:32]
    phases = np.pi * np.array([float(Fraction(phase)) for phase in PHASES_128.split()])
    radii = np.unique(np.abs(apsk(128)).round(9))[[0, 5, 5, 5, 1, 2, 4, 3]]
    np.testing.assert_allclose(points, np.tile(radii, 4) * np.exp(1j * phases), atol=1e-8)


@pytest.mark.parametrize(
    ("order", "pairs_of_two_bits"), [(16, [0, 0]), (32, [0, 0, 4]), (64, [0] * 4), (128, [0] * 6)]
)
def test_neighbours_round_a_ring_differ_in_one_bit_save_four_pairs_of_32apsk(
    order, pairs_of_two_bits
):
    differences = bit_differences(order)
    counts = []
    for labels in labels_round_the_rings(apsk(order)):
        steps = differences[labels, np.roll(labels, 1)]
        assert set(steps) <= {1, 2}
        counts.append(int(np.count_nonzero(steps == 2)))
    assert counts == pairs_of_two_bits


@pytest.mark.parametrize(
    ("order", "sign_of_i", "sign_of_q"), [(16, 2, 1), (64, 8, 4), (128, 32, 64)]
)
def test_two_bits_of_a_label_are_the_signs_of_i_and_q(order, sign_of_i, sign_of_q):
    points, labels = apsk(order), np.arange(order)
    assert np.array_equal(points.real < 0, labels & sign_of_i > 0)
    assert np.array_equal(points.imag < 0, labels & sign_of_q > 0)


@pytest.mark.parametrize(
    ("order", "ratios"),
    [(16, (3.15,)), (32, (2.53, 4.3)), (64, (2.0, 3.0, 4.0)), (128, (1.5, 2.0, 2.5, 3.0, 3.5))],
)
def test_other_ratios_move_the_rings_and_nothing_else(order, ratios):
    points, usual = apsk(order, ratios), apsk(order)
    radii = np.unique(np.abs(points).round(9))
    np.testing.assert_allclose(radii[1:] / radii[0], ratios, atol=1e-7)
    np.testing.assert_allclose(np.angle(points), np.angle(usual), atol=1e-12)
    assert np.mean(np.abs(points) ** 2) == pytest.approx(1.0, abs=1e-12)
    by_radius = [labels_round_the_rings(alphabet) for alphabet in (points, usual)]
    assert by_radius[0] == by_radius[1]


# --- outside references


def line(bits):
    return komm.ReflectedLabeling(bits)


def square(bits):
    return komm.ReflectedRectangularLabeling(bits)


KOMM = [
    *((unipolar_ask(2**bits), komm.ASKConstellation(2**bits), line(bits)) for bits in (1, 2, 3, 4)),
    *((bipolar_pam(2**bits), komm.PAMConstellation(2**bits), line(bits)) for bits in (2, 3, 4)),
    *((psk(2**bits), komm.PSKConstellation(2**bits), line(bits)) for bits in range(1, 7)),
    (psk(4, 1 / 8), komm.PSKConstellation(4, phase_offset=1 / 8), line(2)),
    *((square_qam(4**n), komm.QAMConstellation(4**n), square(2 * n)) for n in range(1, 6)),
]


@pytest.mark.parametrize(("points", "constellation", "labelling"), KOMM, ids=lambda item: None)
def test_points_and_labels_are_those_of_komm(points, constellation, labelling):
    theirs = constellation.matrix.ravel() / np.sqrt(constellation.mean_energy())
    weights = 1 << np.arange(len(points).bit_length() - 2, -1, -1)
    np.testing.assert_allclose(points[labelling.matrix @ weights], theirs, atol=1e-12)


@pytest.mark.parametrize("order", [32, 128, 512])
def test_a_cross_has_the_points_of_komm(order):
    constellation = komm.CrossQAMConstellation(order)
    theirs = constellation.matrix.ravel() / np.sqrt(constellation.mean_energy())
    assert np.abs(cross_qam(order)[:, None] - theirs).min(axis=1).max() < 1e-12


CUMULANTS = [
    (bipolar_pam, 2, (1, -2, -2)),
    (unipolar_ask, 2, (1, -1, -1)),
    (bipolar_pam, 4, (1, -1.36, -1.36)),
    (bipolar_pam, 8, (1, -1.2381, -1.2381)),
    (psk, 4, (0, 1, -1)),
    (square_qam, 4, (0, -1, -1)),
    (psk, 8, (0, 0, -1)),
    (psk, 16, (0, 0, -1)),
    (psk, 32, (0, 0, -1)),
    (psk, 64, (0, 0, -1)),
    (square_qam, 16, (0, -0.68, -0.68)),
    (cross_qam, 32, (0, -0.19, -0.69)),
    (square_qam, 64, (0, -0.6190, -0.6190)),
    (cross_qam, 128, (0, -0.1814, -0.6573)),
    (square_qam, 256, (0, -0.6047, -0.6047)),
    (cross_qam, 512, (0, -0.1793, -0.6494)),
    (square_qam, 1024, (0, -0.6012, -0.6012)),
]


def cumulants(points):
    c20 = np.mean(points**2)
    c40 = np.mean(points**4) - 3 * c20**2
    c42 = np.mean(np.abs(points) ** 4) - abs(c20) ** 2 - 2 * np.mean(np.abs(points) ** 2) ** 2
    return [c20, c40, c42]


@pytest.mark.parametrize(("make", "order", "printed"), CUMULANTS)
def test_cumulants_are_those_of_the_textbook(make, order, printed):
    """Swami and Sadler, IEEE Trans. Communications 48 (2000), table I, and its formulas."""
    np.testing.assert_allclose(cumulants(make(order)), printed, atol=6e-5)  # four digits


@pytest.mark.parametrize(
    ("order", "printed"),
    [
        (16, (0, -0.006, -0.7635)),
        (32, (0, 0, -0.5867)),
        (64, (0, 0, -0.3557)),
        (128, (0, 0, -0.613)),
    ],
)
def test_cumulants_of_rings_follow_from_their_sizes_and_radii(order, printed):
    points = apsk(order)
    np.testing.assert_allclose(cumulants(points), printed, atol=7e-4)  # three digits, 128 uneven
    sizes, radii = np.array(RING_SIZES[order]), np.array([1.0, *RING_RATIOS[order]])
    power, fourth = (sizes @ radii**2 / order, sizes @ radii**4 / order)
    assert np.mean(np.abs(points) ** 4) == pytest.approx(fourth / power**2, rel=1e-9)


@pytest.mark.parametrize(
    ("make", "order", "peak_db"),
    [
        (square_qam, 16, 2.553),
        (square_qam, 64, 3.680),
        (square_qam, 256, 4.228),
        (cross_qam, 32, 2.304),
        (cross_qam, 128, 3.166),
        (psk, 64, 0.0),
        (apsk, 16, 1.075),
        (apsk, 32, 2.123),
    ],
)
def test_the_peak_power_is_that_of_the_textbook(make, order, peak_db):
    peak = np.max(np.abs(make(order)) ** 2)
    assert ratio_to_db(peak) == pytest.approx(peak_db, abs=6e-4)  # three digits


# --- edges


@pytest.mark.parametrize("make", [unipolar_ask, bipolar_pam, psk])
@pytest.mark.parametrize("order", [-2, 0, 1, 3, 12])
def test_an_order_that_is_no_power_of_two_is_refused(make, order):
    with pytest.raises(RecipeError, match=rf"power of two and at least 2, got {order}$"):
        make(order)


@pytest.mark.parametrize(
    ("make", "order"),
    [
        (square_qam, 8),
        (square_qam, 32),
        (square_qam, 4096),
        (cross_qam, 8),
        (cross_qam, 64),
        (apsk, 8),
    ],
)
def test_an_order_without_such_an_alphabet_is_answered_with_those_that_have_one(make, order):
    with pytest.raises(
        RecipeError, match=rf"order of {make.__name__} must be one of .*got {order}"
    ):
        make(order)


@pytest.mark.parametrize(
    ("order", "ratios", "rule"),
    [
        (16, (2.0, 3.0), r"ring_ratios of 16APSK must be 1 numbers such as 2.85, got 2"),
        (32, (2.0,), r"ring_ratios of 32APSK must be 2 numbers such as 2.84, 5.27, got 1"),
        (16, (1.0,), r"must grow from above 1, got 1"),
        (32, (3.0, 2.0), r"must grow from above 1, got 3, 2"),
        (16, (float("nan"),), r"must grow from above 1, got nan"),
        (16, (float("inf"),), r"must grow from above 1, got inf"),
    ],
)
def test_ratios_that_are_no_rings_are_refused(order, ratios, rule):
    with pytest.raises(RecipeError, match=rule):
        apsk(order, ratios)
