"""Bursts of a stream of any length, named as they end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from rfmae.bursts.gain import suitable_gain
from rfmae.bursts.grouping import alike, is_short
from rfmae.bursts.identifying import (
    BLIND,
    IdentifyOptions,
    check_options,
    name_bursts,
    shipped_network,
)
from rfmae.bursts.network import BurstNetwork
from rfmae.bursts.records import BurstAnswer
from rfmae.errors import ShapeError
from rfmae.records import ComplexArray
from rfmae.signal.detection import Burst, DetectionOptions, Isolated
from rfmae.signal.detection.burst import apart
from rfmae.signal.detection.streaming import SEGMENT, detect_stream

_REMEMBERED = 16  # short bursts of a band that a new one is named together with
_TRAINS = 64  # bands of short bursts


@dataclass(slots=True)
class _Train:
    """Short bursts of one band, the last of them."""

    first: Burst
    parts: list[Isolated] = field(default_factory=list)


def identify_stream(
    blocks: Iterable[ComplexArray],
    sample_rate_hz: float,
    options: IdentifyOptions = BLIND,
    network: BurstNetwork | None = None,
    segment: int = SEGMENT,
) -> Iterator[BurstAnswer]:
    """The bursts of a stream of blocks (T_i,), each when it is over, in bounded memory.

    A burst is told when the segment is searched that it ends in: at most two segments later. Short
    bursts are named together with those of their band before them. Samples that are not finite
    count as zeros.

    Args:
        blocks: Complex samples in blocks of any size and any gain.
        sample_rate_hz: Sample rate in Hz.
        options: What is known of the signal; a band that is told keeps bursts that lie in it.
        network: That of `load_network`; None is the one that comes along.
        segment: Samples that are searched at a time.

    Yields:
        Bursts with samples from the beginning of the stream.

    Raises:
        ShapeError: Blocks that are not complex and (T,).
        CaptureError: A rate or a band that cannot be.
    """
    check_options(sample_rate_hz, options)
    network = network or shipped_network()
    detection = DetectionOptions(options.false_alarm_rate)
    trains: list[_Train] = []
    for burst, part in detect_stream(_clean(blocks), detection, segment):
        if not _in_band(burst, sample_rate_hz, options):
            continue
        parts = _with_those_before(burst, part, trains)
        yield from name_bursts([burst], parts, sample_rate_hz, options, network)


def _clean(blocks: Iterable[ComplexArray]) -> Iterator[ComplexArray]:
    """Blocks at the gain that suits the first that is not silent, without what is no number."""
    gain = None
    for block in blocks:
        samples = np.asarray(block)
        if not np.iscomplexobj(samples):
            raise ShapeError(f"a stream must be complex samples, got blocks of {samples.dtype}")
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, posinf=0, neginf=0)
        if gain is None and samples.any():
            gain = suitable_gain(samples)
        yield samples if gain in (None, 1.0) else samples * samples.real.dtype.type(gain)


def _in_band(burst: Burst, sample_rate_hz: float, options: IdentifyOptions) -> bool:
    if options.centre_hz is None:
        return True
    centre = options.centre_hz / sample_rate_hz
    width = (options.bandwidth_hz or 0.0) / sample_rate_hz + burst.occupied
    return apart(burst.centre, centre) <= width / 2


def _with_those_before(burst: Burst, part: Isolated, trains: list[_Train]) -> list[Isolated]:
    """The parts that a burst is named by, itself the first."""
    if not is_short(burst):
        return [part]
    train = next((known for known in trains if alike(known.first, burst)), None)
    if train is None:
        train = _Train(burst)
        trains.append(train)
        del trains[:-_TRAINS]
    train.parts.append(part)
    del train.parts[:-_REMEMBERED]
    return train.parts[::-1]
