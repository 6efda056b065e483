"""Constellation images from I/Q: the points of every plane, rendered by its own method.

The image grid is cell-centred: pixel (row, column) of an image covers one cell, I grows to the
right and Q upwards, so row 0 is the top.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from rfmae.errors import ShapeError
from rfmae.imaging.decay import decay_planes
from rfmae.imaging.density import counts, log_density, splatted
from rfmae.imaging.grid import pixel_coordinates
from rfmae.imaging.planes import plane_points
from rfmae.imaging.published_planes import published_planes
from rfmae.records import ImageConfig, Plane, View

_PIXELS_AT_ONCE = 460_000  # on a CPU: three examples of three planes of 224 × 224


def constellation_images(
    iq: Tensor | Mapping[View, Tensor], config: ImageConfig, samples_per_symbol: float = 1.0
) -> Tensor:
    """Constellation images (N, planes, size, size) in [0, 1] of complex I/Q, float32.

    `iq` (N, T) is the one view that the planes are rendered from; where they need both, a mapping
    has each view. `samples_per_symbol`, of the waveform, turns the lag of a
    `differential-trajectory` into samples. I/Q without power gives a blank image. Computed
    on the device of `iq`; gradients flow back through `density` planes.
    """
    views = views_of_planes(iq, config)
    together = max(1, _PIXELS_AT_ONCE // (len(config.planes) * config.size**2))
    first = next(iter(views.values()))
    if first.is_cuda or len(first) <= together:
        return _images(views, config, samples_per_symbol)
    split = (view.split(together) for view in views.values())
    parts = [dict(zip(views, part, strict=True)) for part in zip(*split, strict=True)]
    if any(view.requires_grad for view in views.values()):
        return torch.cat([_images(part, config, samples_per_symbol) for part in parts])
    filled = torch.empty((len(first), len(config.planes), config.size, config.size))
    for rows, part in zip(filled.split(together), parts, strict=True):
        _images(part, config, samples_per_symbol, rows)
    return filled


def quarter_turned(images: Tensor, turns: Tensor, planes: tuple[Plane, ...]) -> Tensor:
    """Images (N, C, H, H) after a carrier phase shift of `turns` (N,) quarter turns.

    The grid is cell-centred, so this is exact; differential planes ignore the phase.
    """
    turning = torch.tensor([not plane.is_differential for plane in planes], device=images.device)
    if images.device.type != "cpu":  # all four, as a selection would synchronise the device
        every = torch.stack([images.rot90(quarters, dims=(-2, -1)) for quarters in range(4)])
        picked = every[turns % 4, torch.arange(len(images), device=images.device)]
        return torch.where(turning[:, None, None], picked, images)
    turned = images.clone()
    for quarters in range(1, 4):
        chosen = (turns % 4 == quarters)[:, None] & turning
        turned[chosen] = images[chosen].rot90(quarters, dims=(-2, -1))
    return turned


def _images(
    views: Mapping[View, Tensor],
    config: ImageConfig,
    samples_per_symbol: float,
    out: Tensor | None = None,
) -> Tensor:
    """Images of a chunk of examples, whose intermediate results fit the cache, into `out`."""
    rendered: dict[Plane, Tensor] = {}
    for planes in _of_same_points(config.planes):
        rendered.update(_rendered(views[planes[0].view], planes, config, samples_per_symbol))
    return torch.stack([rendered[plane] for plane in config.planes], dim=1, out=out)


def views_of_planes(
    iq: Tensor | Mapping[View, Tensor], config: ImageConfig
) -> Mapping[View, Tensor]:
    """The views that the planes need, from a single one or from a mapping."""
    if isinstance(iq, Tensor):
        if len(config.views) > 1:
            raise ShapeError(
                f"the planes of this image are rendered from {' and '.join(config.views)}; "
                "give a mapping with the I/Q of each"
            )
        return {config.views[0]: iq}
    missing = [view for view in config.views if view not in iq]
    if missing:
        raise ShapeError(
            f"the planes of this image are rendered from {' and '.join(config.views)}, "
            f"but the I/Q of {' and '.join(iq) or 'no view'} was given"
        )
    return {view: iq[view] for view in config.views}


def _of_same_points(planes: tuple[Plane, ...]) -> list[list[Plane]]:
    """Planes grouped by their points, each once, so that kernels share their transforms."""
    groups: dict[tuple[str, float], list[Plane]] = {}
    for plane in dict.fromkeys(planes):
        groups.setdefault((plane.what, plane.lag_symbols), []).append(plane)
    return list(groups.values())


def _rendered(
    iq: Tensor, planes: list[Plane], config: ImageConfig, samples_per_symbol: float
) -> dict[Plane, Tensor]:
    """Each of the planes, (N, size, size), of the same points."""
    lag = lag_samples(planes[0], samples_per_symbol)
    points = plane_points(iq, planes[0].what, lag, config.units)
    columns, rows = pixel_coordinates(points, config.size, config.extent)
    rendered: dict[Plane, Tensor] = {}
    decays = [plane for plane in planes if plane.how == "decay"]
    if decays:
        glow = decay_planes(columns, rows, _half_widths(decays), config.size)
        for plane, sums in zip(decays, glow.unbind(dim=1), strict=True):
            rendered[plane] = _divided(sums, plane, points.shape[1])
    published = [plane for plane in planes if plane.how == "published"]
    if published:
        images = published_planes(columns, rows, _half_widths(published), config.size)
        rendered.update(zip(published, images.unbind(dim=1), strict=True))
    for plane in planes:
        if plane.how == "density":
            density = splatted(columns, rows, config.size)
            rendered[plane] = log_density(density, plane.normalise, points.shape[1])
        if plane.how == "counts":
            counted = counts(columns, rows, config.size).float()
            rendered[plane] = _divided(counted, plane, points.shape[1])
    return rendered


def _half_widths(planes: list[Plane]) -> tuple[int, ...]:
    return tuple(plane.half_width for plane in planes)


def _divided(sums: Tensor, plane: Plane, points: int) -> Tensor:
    """The same plane in [0, 1]; a blank one stays blank."""
    if plane.normalise == "points":
        return sums.div_(points)
    peak = sums.amax(dim=(-2, -1), keepdim=True)
    return sums.div_(torch.where(peak > 0, peak, 1.0))


def lag_samples(plane: Plane, samples_per_symbol: float) -> int:
    """The lag of a differential plane in samples of its view, zero of the others."""
    if plane.what != "differential-trajectory":
        return int(plane.lag_symbols)
    lag = plane.lag_symbols * samples_per_symbol
    if lag % 1 or not lag:
        raise ShapeError(
            f"a lag of {plane.lag_symbols:g} symbols is {lag:g} samples at "
            f"{samples_per_symbol:g} samples per symbol; choose one of whole samples"
        )
    return int(lag)
