"""Recordings that were saved with `numpy.save`: one array of complex or of I and Q."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rfmae.captures.analytic import ANALYTIC_NOTE, analytic_signal, with_margin
from rfmae.captures.read_options import ReadOptions
from rfmae.captures.recording import Recording, Samples
from rfmae.captures.sample_types import REAL_TYPES, SAMPLE_TYPES, SampleType, decode
from rfmae.errors import ARRAY_DAMAGES, CaptureError, first_line

_ORDERS = {"<": "_le", "=": "_le", ">": "_be", "|": ""}


def is_recording(path: Path) -> bool:
    """Whether the array is one recording: complex (T,), or real (2, T) or (T, 2) of I and Q."""
    values = _array(path)
    return _layout(values) in ("complex", "iq-first", "iq-last")


def open_npy(path: Path, read_options: ReadOptions) -> Recording:
    """An array of samples; whole numbers are scaled to ±1 as in files of samples."""
    read_options.refuse_datatype(path)
    read_options.channel_of(path, 1)
    rate_hz = read_options.sample_rate_hz or read_options.rate_unstated_hz
    if rate_hz is None:
        raise CaptureError(f"a .npy does not state its sample rate; name --rate for {path}")
    values = _array(path)
    layout = _layout(values)
    if not layout:
        raise CaptureError(
            f"a recording is complex (T,) or real (2, T) or (T, 2), but {path} is {values.dtype} "
            f"{values.shape}; `rfmae import` reads arrays of many examples"
        )
    values = values.reshape(-1) if layout in ("complex", "real") else values
    kind = _kind(path, values.dtype, real=layout == "real")
    if not values.size:
        raise CaptureError(f"{path} holds no samples")
    if kind.is_real:
        read_options.require_analytic(path, kind.name)
    return Recording(
        path=path,
        samples=max(values.shape),
        sample_rate_hz=float(rate_hz),
        datatype=kind.name,
        read=lambda part: _samples(values, layout, kind, part),
    )


def _samples(values: npt.NDArray[Any], layout: str, kind: SampleType, part: range) -> Samples:
    if layout == "real":
        wide = with_margin(part, len(values))
        numbers = np.empty(len(wide), np.float32)
        decode(values[wide.start : wide.stop], kind, numbers)
        return analytic_signal(numbers)[part.start - wide.start :][: len(part)], (ANALYTIC_NOTE,)
    iq = np.empty(len(part), np.complex64)
    chosen = slice(part.start, part.stop)
    if layout == "complex":
        numbers = values[chosen].view(values.real.dtype)
    else:
        pairs = values[:, chosen].T if layout == "iq-first" else values[chosen]
        numbers = pairs.reshape(-1)
    decode(numbers, kind, iq.view(np.float32))
    return iq, ()


def _array(path: Path) -> npt.NDArray[Any]:
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except ARRAY_DAMAGES as problem:
        raise CaptureError(
            f"{path} cannot be read as a .npy: {first_line(problem):.160}"
        ) from problem
    return np.asarray(found)


def _layout(values: npt.NDArray[Any]) -> str:
    """The axes: complex, real, iq-first (2, T), iq-last (T, 2), or "" of another array."""
    shape = tuple(size for size in values.shape if size != 1)
    if values.dtype.kind == "c":
        return "complex" if len(shape) == 1 else ""
    if values.dtype.kind not in "iuf":
        return ""
    if values.ndim == 1:
        return "real"
    if values.ndim == 2 and (values.shape[0] == 2) != (values.shape[1] == 2):
        return "iq-first" if values.shape[0] == 2 else "iq-last"
    return ""


def _kind(path: Path, dtype: np.dtype[Any], *, real: bool) -> SampleType:
    letter = "f" if dtype.kind in "cf" else dtype.kind
    n_bits = 8 * dtype.itemsize // (2 if dtype.kind == "c" else 1)
    ending = _ORDERS[dtype.byteorder] if n_bits > 8 else ""
    name = f"{'r' if real else 'c'}{letter}{n_bits}{ending}"
    kind = (REAL_TYPES if real else SAMPLE_TYPES).get(name)
    if kind is None:
        raise CaptureError(
            f"a recording must hold floats of 32 or 64 bits or whole numbers of 8 to 32, {path} "
            f"holds {dtype}"
        )
    return kind
