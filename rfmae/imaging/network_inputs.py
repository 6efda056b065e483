"""Network inputs and targets from I/Q: images, harmonics, signals, noise and SNR.

A modality is rendered from the observed I/Q, from its clean twin, or from both. Images and
harmonics have their own axes (see `render`); signals and noise are in the units of the image:
divided by an rms amplitude, as by a receiver's gain control, or `absolute`, unscaled. An SNR is
estimated elsewhere and given in dB; a network sees it in bels.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from rfmae.errors import ShapeError
from rfmae.imaging.harmonics import network_harmonics, turned_harmonics
from rfmae.imaging.render import constellation_images, quarter_turned
from rfmae.records import PUBLISHED_FOLD, ImageConfig, Modality, Units, View, harmonic_planes

_DB_PER_BEL = 10.0

IqViews = Mapping[View, Tensor]
"""The I/Q of the same examples in each view, each complex (N, T)."""


def network_inputs(
    observed: IqViews,
    clean: IqViews | None,
    image: ImageConfig,
    modalities: Sequence[Modality],
    samples_per_symbol: float = 1.0,
    snr_db: Tensor | None = None,
) -> dict[str, Tensor]:
    """Encoder inputs of some examples, by modality: (N, C, H, W), (N, 2, T) or (N, 1, 1).

    All are float32. `clean` may be left out where every modality is one that a receiver has, and
    the estimates `snr_db` (N,) where the SNR is none of them. `samples_per_symbol` is of the
    waveform.
    """
    parts = contents(modalities, targets=False)
    return named(rendered(parts, observed, clean, image, samples_per_symbol, snr_db), modalities)


def contents(modalities: Sequence[Modality], *, targets: bool) -> tuple[Modality, ...]:
    """The parts to render for the inputs and, with `targets`, their targets, each once."""
    wanted = [modality.content for modality in modalities]
    if targets:
        wanted += [modality.target.content for modality in modalities if modality.has_target]
    return tuple(dict.fromkeys(wanted))


def named(parts: Mapping[Modality, Tensor], modalities: Sequence[Modality]) -> dict[str, Tensor]:
    """The inputs among rendered parts, by the names of their modalities."""
    return {modality.name: parts[modality.content] for modality in modalities}


def named_targets(
    parts: Mapping[Modality, Tensor], modalities: Sequence[Modality]
) -> dict[str, Tensor]:
    """The targets among rendered parts, by the names of their modalities."""
    return {
        modality.name: parts[modality.target.content]
        for modality in modalities
        if modality.has_target
    }


def rendered(
    parts: Sequence[Modality],
    observed: IqViews,
    clean: IqViews | None,
    image: ImageConfig,
    samples_per_symbol: float = 1.0,
    snr_db: Tensor | None = None,
) -> dict[Modality, Tensor]:
    """Each of the parts, (N, C, H, W), (N, 2, T) or (N, 1, 1) float32, on the device of the I/Q.

    `snr_db` (N,) are the estimates for an SNR among the parts.
    """
    for part in parts:
        _check(part, observed, clean)
    return {
        part: _in_bels(snr_db)
        if part.what == "snr"
        else _rendered(part, observed, clean or {}, image, samples_per_symbol)
        for part in parts
    }


def input_shapes(
    image: ImageConfig, modalities: Sequence[Modality], samples: Mapping[View, int]
) -> dict[str, tuple[int, ...]]:
    """The shape of one example of each modality, from the number of samples in each view."""
    return {modality.name: modality.shape(image, samples) for modality in modalities}


def turned(
    inputs: Mapping[str, Tensor],
    turns: Tensor,
    image: ImageConfig,
    modalities: Sequence[Modality],
) -> dict[str, Tensor]:
    """Inputs or targets after a carrier phase shift of `turns` (N,) quarter turns."""
    return {
        modality.name: turned_part(inputs[modality.name], turns, image, modality)
        for modality in modalities
    }


def turned_part(values: Tensor, turns: Tensor, image: ImageConfig, modality: Modality) -> Tensor:
    """One modality (N, …) after a carrier phase shift of `turns` (N,) quarter turns.

    Exact, as I and Q of a signal only swap and change signs (i^turns), and pixels likewise. A
    folded signal has the real part alone, from which a turn cannot be computed: it is refused.
    """
    if modality.form == "folded":
        raise ShapeError(
            f"{modality.name} is folded from the real part alone, which cannot be turned; "
            'train without turns or write form = "sequence"'
        )
    if modality.what == "snr":  # no turn changes it
        return values
    if modality.what == "image":
        return quarter_turned(values, turns, image.planes)
    if modality.what == "harmonics":
        return turned_harmonics(values, turns / 4, harmonic_planes(image))
    cosine, sine = (values.new_tensor(table)[turns % 4][:, None] for table in (_COSINE, _SINE))
    in_phase, quadrature = values.unbind(dim=1)
    return torch.stack(
        [in_phase * cosine - quadrature * sine, in_phase * sine + quadrature * cosine], dim=1
    )


_COSINE, _SINE = (1.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, -1.0)  # of quarter turns


def _check(part: Modality, observed: IqViews, clean: IqViews | None) -> None:
    if part.needs_clean and clean is None:
        raise ShapeError(
            f"{part.name} needs the clean twins of the examples, which a receiver does not have; "
            "give them, or leave that modality out"
        )
    if part.of_planes:
        return  # rendering checks the views of planes
    for views in (observed, clean):
        if views is not None and part.view not in views:
            raise ShapeError(
                f"{part.name} is read from the {part.view}, but the I/Q of "
                f"{' and '.join(views) or 'no view'} was given"
            )


def _rendered(
    part: Modality, observed: IqViews, clean: IqViews, image: ImageConfig, samples_per_symbol: float
) -> Tensor:
    views = clean if part.given == "clean" else observed
    if part.what == "image":
        return constellation_images(views, image, samples_per_symbol)
    if part.what == "harmonics":
        return network_harmonics(views, image, samples_per_symbol)
    if part.what == "noise":
        iq = _noise(observed[part.view], clean[part.view], image.units)
    else:
        iq = _in_units(views[part.view], image.units)
    return _folded(iq.real) if part.form == "folded" else _sequence(iq)


def _in_bels(snr_db: Tensor | None) -> Tensor:
    """Estimates (N,) in dB as an input (N, 1, 1): bounded, and of the order of one."""
    if snr_db is None:
        raise ShapeError(
            "a modality snr needs estimates, but no snr_db was given; give it, or leave that "
            "modality out"
        )
    return (snr_db.float() / _DB_PER_BEL)[:, None, None]


def _sequence(iq: Tensor) -> Tensor:
    """I and Q (N, 2, T) of (N, T)."""
    return torch.view_as_real(iq).float().transpose(1, 2).contiguous()


def _folded(samples: Tensor) -> Tensor:
    """Real samples (N, T) as images (N, 3, 224, 224) of three equal planes.

    Interpolated linearly to 50,176 samples from the first to the last and cut into rows, as in the
    newest public code of DenoMAE.
    """
    pixels = PUBLISHED_FOLD**2
    lines = F.interpolate(samples[:, None].float(), pixels, mode="linear", align_corners=True)
    return lines.view(-1, 1, PUBLISHED_FOLD, PUBLISHED_FOLD).expand(-1, 3, -1, -1)


def _noise(observed: Tensor, clean: Tensor, units: Units) -> Tensor:
    """The noise in the observed I/Q (N, T), by its clean twin.

    A receiver scales both to one power, each by its own gain. In `rms` units the observed signal
    therefore has power 1 and the twin, at the amplitude of least squares, is subtracted: the rest
    is the noise at its power in the observed signal. Absolute I/Q is of one scale.
    """
    if units == "absolute":
        return observed - clean
    seen, twin = _in_units(observed, units), _in_units(clean, units)
    amplitude = (twin.conj() * seen).real.mean(dim=1, keepdim=True)  # the twin has power 1
    return seen - amplitude * twin


def _in_units(iq: Tensor, units: Units) -> Tensor:
    """I/Q (N, T) divided by its rms amplitude, or unscaled; zero power stays zero."""
    if units == "absolute":
        return iq
    peak = torch.view_as_real(iq.resolve_conj()).abs().amax(dim=(1, 2))[:, None]
    iq = iq / torch.where(peak > 0, peak, 1.0)  # so that squares neither vanish nor overflow
    rms = torch.linalg.vector_norm(iq, dim=1, keepdim=True) / iq.shape[1] ** 0.5
    return iq / torch.where(rms > 0, rms, 1.0)
