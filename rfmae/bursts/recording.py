"""A recording of any length: at once where it is short, in segments where it is long."""

from collections.abc import Iterator

import numpy as np

from rfmae.bursts.agreeing import judged_together
from rfmae.bursts.identifying import BLIND, IdentifyOptions, identify_at_once
from rfmae.bursts.leaving_out import own_signals
from rfmae.bursts.network import BurstNetwork
from rfmae.bursts.records import RecordingAnswer
from rfmae.bursts.streaming import identify_stream
from rfmae.records import ComplexArray
from rfmae.signal.cleaning import clean
from rfmae.signal.detection.streaming import SEGMENT

AT_ONCE = 2**23
"""Samples of a recording that are searched together; a longer one is searched in segments."""

_NOTED = 3  # segments whose notes are told


def identify(
    iq: ComplexArray,
    sample_rate_hz: float,
    options: IdentifyOptions = BLIND,
    network: BurstNetwork | None = None,
) -> RecordingAnswer:
    """The bursts of a recording (T,), and which modulation each has.

    A recording of more than 2**23 samples is searched in segments, so that no more than some
    hundred megabytes are needed beside it; a burst that is longer than a segment is told in parts.
    Where a band is told it is searched at once, whatever its length.

    Args:
        iq: Complex samples (T,) of any gain; those that are not finite are left out.
        sample_rate_hz: Sample rate in Hz.
        options: What is known of the signal.
        network: That of `load_network`; None is the one that comes along.

    Returns:
        The bursts in the order of their beginning; none where there is noise alone.

    Raises:
        ShapeError: Samples that are not complex and (T,), or too few.
        CaptureError: A sample rate, symbol rate or band that cannot be.
    """
    band_is_told = (options.centre_hz, options.bandwidth_hz) != (None, None)
    if np.ndim(iq) != 1 or len(iq) <= AT_ONCE or band_is_told:
        return identify_at_once(iq, sample_rate_hz, options, network)
    notes: list[str] = []
    bursts = identify_stream(_cleaned(iq, notes), sample_rate_hz, options, network)
    found, left_out = own_signals(judged_together(list(bursts)))
    found.sort(key=lambda burst: (burst.start, burst.centre_hz))
    more = [f"and {len(notes) - _NOTED:,} more such stretches"] if len(notes) > _NOTED else []
    said = (f"searched in segments of {SEGMENT:,} samples", *notes[:_NOTED], *more, *left_out)
    return RecordingAnswer(sample_rate_hz, len(iq), tuple(found), said)


def _cleaned(iq: ComplexArray, notes: list[str]) -> Iterator[ComplexArray]:
    """Segments without the defects of the receiver, which are noted with their places."""
    for first in range(0, len(iq), SEGMENT):
        cleaned = clean(iq[first : first + SEGMENT])
        stop = first + len(cleaned.iq)
        notes += [f"samples {first:,} to {stop:,}: {note}" for note in cleaned.notes]
        yield cleaned.iq
