"""Runs of masks: against what a loop finds."""

from itertools import groupby

import numpy as np

from rfmae.signal.runs import longest_run, runs_of


def by_loop(mask):
    found, place = [], 0
    for value, group in groupby(mask.tolist()):
        length = len(list(group))
        if value:
            found.append(range(place, place + length))
        place += length
    return found


def test_runs_are_those_of_a_loop():
    rng = np.random.default_rng(0)
    for count in (0, 1, 2, 50, 51):
        for share in (0.0, 0.3, 0.9, 1.0):
            mask = rng.random(count) < share
            assert runs_of(mask) == by_loop(mask)


def test_pauses_that_are_no_longer_are_closed():
    mask = np.array([1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1], bool)
    assert runs_of(mask, 1) == [range(3), range(5, 7), range(10, 11)]
    assert runs_of(mask, 2) == [range(7), range(10, 11)]


def test_the_longest_run_is_the_first_of_them():
    assert longest_run(np.array([1, 0, 1, 1, 0, 1, 1], bool)) == range(2, 4)
    assert longest_run(np.zeros(5, bool)) == range(0)
