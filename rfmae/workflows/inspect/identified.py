"""The bursts of recordings, one after the other: one that cannot be read stops no other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rfmae.bursts.identifying import IdentifyOptions
from rfmae.bursts.recording import identify
from rfmae.bursts.records import RecordingAnswer
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.reading import read_recording, recordings_of
from rfmae.captures.record import Capture
from rfmae.errors import CaptureError, RfmaeError, machine_fault
from rfmae.workflows.inspect.bands import centre_of
from rfmae.workflows.inspect.burst_outputs import Outputs


@dataclass(frozen=True, slots=True)
class Identified:
    """A recording and what was found in it, or why nothing could be said."""

    path: Path
    capture: Capture | None = None
    answer: RecordingAnswer | None = None
    problem: str = ""
    written: tuple[Path, ...] = ()


Identify = Callable[[Capture], RecordingAnswer]


def identifier(told: IdentifyOptions) -> Identify:
    """The identification of bursts by what comes with rfmae, and by what a user says of them.

    The centre that is told is from that of a recording, or at radio frequency.
    """

    def found(capture: Capture) -> RecordingAnswer:
        options = replace(told, centre_hz=from_the_centre(capture, told.centre_hz))
        return identify(capture.iq, capture.sample_rate_hz, options)

    return found


def identified(
    recordings: Sequence[Path], read_options: ReadOptions, identify: Identify, outputs: Outputs
) -> Iterator[Identified]:
    """What is found in each recording, of collections each, in their order."""
    for listed in recordings:
        try:
            paths = recordings_of(listed)
        except RfmaeError as problem:
            yield Identified(listed, problem=str(problem))
            continue
        for path in paths:
            yield _identified(path, read_options, identify, outputs)


def _identified(
    path: Path, read_options: ReadOptions, identify: Identify, outputs: Outputs
) -> Identified:
    """One recording; what is wrong with it or with the machine is told in words."""
    try:
        outputs.check(path)
        capture = read_recording(path, replace(read_options, keep_non_finite=True))
        if capture.doubts:
            raise CaptureError(f"{path} cannot be classified: {'; '.join(capture.doubts)}")
        answer = identify(capture)
        written = outputs.write(capture, answer)
    except RfmaeError as problem:
        return Identified(path, problem=str(problem))
    except (OSError, MemoryError) as problem:
        fault = machine_fault(problem)
        if fault is None:
            raise
        return Identified(path, problem=f"{path}: {fault}")
    return Identified(path, capture, answer, written=written)


def from_the_centre(capture: Capture, frequency_hz: float | None) -> float | None:
    """A frequency from the centre of a recording, where it was given at the radio's or there."""
    if frequency_hz is None:
        return None
    half, centre_hz = capture.sample_rate_hz / 2, centre_of(capture)
    for origin in (centre_hz, 0.0):
        if abs(frequency_hz - origin) <= half:
            return frequency_hz - origin
    stated = "" if math.isnan(centre_hz) else f", or within {half:g} Hz of {centre_hz:.12g} Hz"
    raise CaptureError(
        f"--centre must lie within ±{half:g} Hz of the centre of {capture.path}{stated}, got "
        f"{frequency_hz:.12g} Hz"
    )
