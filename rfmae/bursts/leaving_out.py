"""Which answers are no signals of their own: rises of noise, and sidelobes of stronger bursts."""

from collections.abc import Sequence
from dataclasses import replace

from rfmae.bursts.records import NOISE, UNKNOWN, BurstAnswer

_CLEAR_DB = 6.0  # of noise that is a signal of its own
_WEAKER_DB = (
    8.0  # than the burst whose sidelobe it is: 13 dB below the peak are those of rectangles
)
_SAME_TIMES = 0.85  # of the time of both that is shared
_WIDER, _SOMETIMES = 5.0, 0.1  # bandwidths; of the time
_REACH = 3.0  # bandwidths of the stronger burst, between the centres


def own_signals(answers: Sequence[BurstAnswer]) -> tuple[list[BurstAnswer], tuple[str, ...]]:
    """The answers that are signals of their own, and in words what was left out."""
    risen = [answer for answer in answers if is_noise_alone(answer)]
    rest = [answer for answer in answers if not is_noise_alone(answer)]
    kept = [answer for answer in rest if not any(is_sidelobe(answer, other) for other in rest)]
    doubted = [_doubted(answer) if is_inside(answer, rest) else answer for answer in kept]
    notes = (
        *_note(len(risen), f"where noise alone rises by less than {_CLEAR_DB:g} dB"),
        *_note(len(rest) - len(kept), "beside stronger bursts at the same times: sidelobes"),
    )
    return doubted, notes


def is_noise_alone(answer: BurstAnswer) -> bool:
    """Whether a burst is noise that rises a little, and no signal of a band of its own."""
    return answer.modulation == NOISE and not answer.snr_db > _CLEAR_DB


def is_sidelobe(answer: BurstAnswer, other: BurstAnswer) -> bool:
    """Whether a burst without a name lies beside a stronger one, and begins and ends with it."""
    if answer.is_known or not other.snr_db - answer.snr_db >= _WEAKER_DB:
        return False
    shared = min(answer.stop, other.stop) - max(answer.start, other.start)
    joined = max(answer.stop, other.stop) - min(answer.start, other.start)
    near = abs(answer.centre_hz - other.centre_hz) < _REACH * other.bandwidth_hz
    return near and shared > _SAME_TIMES * joined


def is_inside(answer: BurstAnswer, others: Sequence[BurstAnswer]) -> bool:
    """Whether a burst with a name lies in the band of much wider ones at some of its times."""
    if not answer.is_known:
        return False
    shared = sum(
        max(min(answer.stop, other.stop) - max(answer.start, other.start), 0)
        for other in others
        if other.bandwidth_hz > _WIDER * answer.bandwidth_hz
        and other.low_hz <= answer.low_hz
        and answer.high_hz <= other.high_hz
    )
    return shared > _SOMETIMES * (answer.stop - answer.start)


def _doubted(answer: BurstAnswer) -> BurstAnswer:
    reason = "inside of wider bursts at the same times, of which it may be a part"
    return replace(answer, modulation=UNKNOWN, reasons=(reason,))


def _note(count: int, what: str) -> tuple[str, ...]:
    if not count:
        return ()
    stretches = "a stretch" if count == 1 else f"{count:,} stretches"
    return (f"left out: {stretches} {what}",)
