"""Receiver hardware impairments: I/Q imbalance, DC offset, clipping and quantisation."""

import numpy as np

from rfmae.errors import RecipeError
from rfmae.records import ComplexArray, FloatArray
from rfmae.signal.channel import PerExample, per_example, phasors
from rfmae.units import db_to_ratio


def iq_imbalance(
    iq: ComplexArray, gain_imbalance_db: PerExample, phase_imbalance_degrees: PerExample
) -> ComplexArray:
    """Q of iq (N, T) g times as strong as I and turned by φ towards it.

    y_Q = g·(x_Q·cos φ + x_I·sin φ), then scaled so that circular input keeps its mean power. A tone
    is mirrored with an image rejection of (1 + 2g·cos φ + g²)/(1 - 2g·cos φ + g²)
    (Razavi, RF Microelectronics, ch. 4.2).
    """
    gain = np.sqrt(db_to_ratio(per_example(gain_imbalance_db, len(iq))))
    angle = np.deg2rad(per_example(phase_imbalance_degrees, len(iq)))
    scale = np.sqrt(2 / (1 + gain**2))
    straight, leaking = gain * np.cos(angle) * scale, gain * np.sin(angle) * scale
    made = np.empty(iq.shape, np.complex64)
    made.real = iq.real * scale.astype(np.float32)
    made.imag = iq.imag * straight.astype(np.float32) + iq.real * leaking.astype(np.float32)
    return made


def add_dc(iq: ComplexArray, dc_offset_rms: PerExample, dc_angle_turns: PerExample) -> ComplexArray:
    """A constant added to each example of iq (N, T), in units of its rms amplitude."""
    size = per_example(dc_offset_rms, len(iq)) * _rms(iq)
    turn = phasors(per_example(dc_angle_turns, len(iq)))
    return (iq + (size * turn).astype(np.complex64)).astype(np.complex64, copy=False)


def clip(iq: ComplexArray, clip_level_rms: PerExample) -> ComplexArray:
    """I and Q of iq (N, T) each held within ± level times the rms amplitude of the example."""
    level = per_example(clip_level_rms, len(iq))
    if not np.all(level > 0):
        raise RecipeError(f"clip_level_rms must be positive, got {np.min(level):g}")
    limit = (level * _rms(iq)).astype(np.float32)[..., None]
    rails = _rails(iq)
    return _joined(rails.clip(-limit, limit))


def quantise(iq: ComplexArray, bits: PerExample, full_scale_rms: PerExample) -> ComplexArray:
    """I and Q of iq (N, T) each rounded to one of 2^bits levels over ± full scale.

    Uniform, mid-rise and saturating; full scale is in units of the rms amplitude of the example. A
    rail that a sine fills keeps 6.02·bits + 1.76 dB over the rounding noise
    (Oppenheim, Schafer, Discrete-Time Signal Processing, ch. 4.8).
    """
    counts, full_scale = per_example(bits, len(iq)), per_example(full_scale_rms, len(iq))
    if not np.all((counts >= 1) & (counts <= 24) & (counts == np.rint(counts))):
        raise RecipeError(
            "bits of a quantiser must be whole and lie in 1 to 24, "
            f"got {', '.join(f'{count:g}' for count in np.unique(counts))}"
        )
    if not np.all(full_scale > 0):
        raise RecipeError(f"full_scale_rms must be positive, got {np.min(full_scale):g}")
    half = np.exp2(counts - 1)
    rms = _rms(iq)
    step = np.where(rms > 0, full_scale * rms / half, 1.0)[..., None]
    level = np.floor(_rails(iq) / step).clip(-half[..., None], half[..., None] - 1)
    # without any power there is no range to quantise
    return _joined(np.where(rms[..., None] > 0, (level + 0.5) * step, 0.0))


def _rms(iq: ComplexArray) -> FloatArray:
    """Rms amplitude of each example, (N, 1)."""
    floats = _rails(iq).reshape(len(iq), -1)
    return np.sqrt(2 * np.mean(np.square(floats), axis=1, keepdims=True, dtype=np.float64))


def _rails(iq: ComplexArray) -> FloatArray:
    """I and Q side by side, (N, T, 2)."""
    return np.ascontiguousarray(iq, np.complex64)[..., None].view(np.float32)


def _joined(rails: FloatArray) -> ComplexArray:
    """I/Q (N, T) of rails (N, T, 2)."""
    return np.ascontiguousarray(rails, np.float32).view(np.complex64)[..., 0]
