"""The bursts of a band that is told, and a note on the others."""

import math

from rfmae.bursts.told_bands import outside_notes, told_bursts
from rfmae.signal.detection import Burst

FOUND = (Burst(0, 1000, 0.1, 0.2, 10.0), Burst(0, 1000, -0.3, -0.2, 10.0))


def test_bursts_are_those_that_were_found_where_nothing_is_told():
    told = told_bursts(FOUND, 5000, None, None)
    assert told == FOUND and outside_notes(FOUND, told) == ()


def test_a_centre_chooses_the_bursts_around_it():
    told = told_bursts(FOUND, 5000, 0.16, None)
    assert told == FOUND[:1]
    assert outside_notes(FOUND, told) == ("1 burst lies outside of the band that was told",)
    assert outside_notes(FOUND, ()) == ("2 bursts lie outside of the band that was told",)


def test_a_whole_band_is_searched_in_time_alone():
    (told,) = told_bursts(FOUND, 5000, -0.24, 0.2)
    assert (told.start, told.stop) == (0, 1000)
    assert math.isclose(told.centre, -0.24) and math.isclose(told.occupied, 0.2)
    everything = told_bursts(FOUND, 5000, 0.45, 0.05)
    assert (everything[0].start, everything[0].stop) == (0, 5000)
    assert outside_notes(FOUND, everything) == ("2 bursts lie outside of the band that was told",)
