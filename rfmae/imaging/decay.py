"""Image planes of points with an exponentially decaying kernel (Peng et al. 2018).

A point at coordinates s adds exp(−5/b · d/√2) to the pixels of a square window of half-width b
around the nearest pixel, where d is the distance of s from the pixel's centre in pixels of a
224-pixel image. The sum over points is computed in two parts:

- *Near* the point, where the kernel has a cusp, each pixel gets its exact value.
- *Far* from it the kernel varies smoothly with the offset of the point in its own pixel, so that
  K(pixel, offset) = Σ_r u_r(offset) · v_r(pixel) to a part in a thousand with a handful of terms.
  The u_r are scattered on the pixel grid, and one Fourier transform convolves them with the v_r.
  The window is cut from v_r, hence as sharp as in the definition.

The u_r are the leading singular vectors of the kernels over all offsets (cubic polynomials), the
kernels being divided by the square of the distance, which weighs near pixels more.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn.functional import threshold

REFERENCE_SIZE = 224  # the kernel's half-widths are stated for an image of so many pixels
_TOLERANCE = 8e-4  # of a point's peak value: the error of the far part at any pixel
_NOWHERE = -1e6  # pixels; far from every grid, yet still a number
# Reach up to which a window is cheaper summed directly, and the terms of the far part: on a small
# grid a transform costs less than the pixels it replaces.
_STAMPED, _STAMPED_OF_SMALL_GRIDS = (5, 5), (2, 8)
_SMALL_GRID = 112  # pixels across
_NUMBERS_AT_ONCE = 1 << 21  # of an intermediate result, which fits a core's cache
_NUMBERS_AT_ONCE_ON_DEVICE = 1 << 28


@dataclass(frozen=True, slots=True)
class Glow:
    """The kernels of points on a grid of `side` × `side` pixels."""

    half_widths: tuple[int, ...]  # in pixels of a 224-pixel image
    side: int
    size: int = REFERENCE_SIZE  # pixels across the image, which the grid may exceed
    shift: float = 0.0  # a window's centre is the whole number nearest to the coordinate + shift
    overlaps: bool = True  # whether windows reach across the border

    def reach(self, half_width: int) -> int:
        """Pixels from the centre of a window to its last one."""
        return max(1, round(half_width * self.size / REFERENCE_SIZE))

    def decay(self, half_width: int) -> float:
        """Nepers per pixel of this grid."""
        return 5 / half_width * REFERENCE_SIZE / self.size / math.sqrt(2)

    @property
    def widest(self) -> int:
        return max(map(self.reach, self.half_widths))

    @property
    def widest_margin(self) -> int:
        """Pixels outside from which a window still reaches the grid."""
        return self.widest if self.overlaps else 0

    def faintest(self, half_width: int) -> float:
        """The smallest value in a corner of a window."""
        farthest = math.sqrt(2) * (self.reach(half_width) + 0.5 + self.shift)
        return math.exp(-self.decay(half_width) * farthest)


def decay_planes(columns: Tensor, rows: Tensor, half_widths: tuple[int, ...], size: int) -> Tensor:
    """Planes (N, len(half_widths), size, size) of points at columns and rows (N, P), in pixels.

    Whole numbers are pixel centres. Each plane is the plain sum over the points (see above), of
    those outside the image too as far as their windows reach into it: float32, on the device of
    `columns`, without gradients. The window's half-width is that of the kernel, b · size/224
    pixels, rounded and at least 1. A point that is not finite is ignored.

    Every pixel is within 0.001 of the plane's maximum (of one point's peak where the image has only
    the edges of windows). Pixels that no window reaches are exactly zero: the rounding error of the
    transform there is less than half of the value in a corner of a window, up to some ten thousand
    points an example.
    """
    return point_sums(columns, rows, Glow(half_widths, side=size, size=size))


@torch.no_grad()
def point_sums(columns: Tensor, rows: Tensor, glow: Glow) -> Tensor:
    """Sums (N, planes, side, side) of the kernels of points (N, P), a few examples at a time.

    Without `overlaps`, the caller has set points whose window would cross the border to NaN.
    """
    if not columns.numel():
        shape = (len(columns), len(glow.half_widths), glow.side, glow.side)
        return columns.new_zeros(shape, dtype=torch.float32)
    together = _examples_at_once(columns, *_parts(glow, glow.widest_margin, columns.device))
    sums = [
        _sums(_points(across, down, glow), glow)
        for across, down in zip(columns.split(together), rows.split(together), strict=True)
    ]
    return torch.cat(sums) if len(sums) > 1 else sums[0]


@dataclass(frozen=True, slots=True)
class _Points:
    """Points (N, P): the pixel at the centre of their window, and the offset from its centre."""

    column: Tensor  # whole, int64
    row: Tensor
    across: Tensor  # from −1/2 to 1/2; the centre is the pixel's less the shift of the window
    down: Tensor


@dataclass(frozen=True, slots=True)
class _Near:
    """The pixels close to a point, summed directly."""

    side: int
    shift: float
    reaches: tuple[int, ...]  # of every plane
    decays: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Far:
    """The pixels farther away, summed by convolution."""

    side: int
    margin: int  # pixels around the grid on which there may be points
    period: int  # of the transform
    planes: tuple[int, ...]
    polynomials: Tensor  # (fields, monomials): the u_r
    spectra: Tensor  # (fields, planes, period, period // 2 + 1) of the v_r
    faintest: tuple[float, ...]  # below this a pixel of the plane is rounding error


def _examples_at_once(columns: Tensor, near: _Near, far: _Far | None) -> int:
    numbers = columns.shape[1] * (2 * max(near.reaches) + 1) ** 2
    if far is not None:
        numbers += len(far.polynomials) * far.period**2
    budget = _NUMBERS_AT_ONCE_ON_DEVICE if columns.is_cuda else _NUMBERS_AT_ONCE
    return max(1, budget // max(1, numbers))


def _points(columns: Tensor, rows: Tensor, glow: Glow) -> _Points:
    outside = glow.widest + 2  # pixels beyond which no window reaches the grid
    places = []
    for coordinates in (columns, rows):
        place = coordinates.float().nan_to_num(nan=_NOWHERE)
        place = place.clamp_(-outside, glow.side + outside - 1).add_(glow.shift)
        pixel = place.round()
        places += [pixel.long(), place.sub_(pixel)]
    column, across, row, down = places
    return _Points(column, row, across, down)


def _sums(points: _Points, glow: Glow) -> Tensor:
    near, far = _parts(glow, _margin(points, glow), points.column.device)
    planes = _stamped(points, near)
    if far is not None:
        for plane, sums in zip(far.planes, _convolved(points, far), strict=True):
            planes[plane] = sums.add_(planes[plane])
    return torch.stack(planes, dim=1)


def _margin(points: _Points, glow: Glow) -> int:
    """Pixels around the grid on which there are points: few as a rule, for a shorter transform."""
    widest = glow.widest_margin
    if points.column.is_cuda or not widest:
        return widest  # reading the points would synchronise the device
    beyond = torch.maximum(_beyond(points.column, glow.side), _beyond(points.row, glow.side))
    farthest = int(torch.where(beyond <= widest, beyond, 0).amax())
    return next(m for m in (widest // 8, widest // 4, widest) if farthest <= m)


def _beyond(pixel: Tensor, side: int) -> Tensor:
    """How many pixels before the first or after the last one; not positive inside."""
    return torch.maximum(-pixel, pixel - (side - 1))


def _stamped(points: _Points, near: _Near) -> list[Tensor]:
    """For each plane (N, side, side) the exact values of the pixels near the points."""
    n, widest = len(points.column), max(near.reaches)
    margin = 2 * widest + 1  # around the grid: holds a block outside of the image
    canvas_side, grid = near.side + 2 * margin, slice(margin, margin + near.side)
    distance = _distances(points, widest, near.shift)
    pixel = _block_pixels(points, widest, near.side, canvas_side)
    blocks: dict[int, tuple[Tensor, Tensor]] = {}
    for reach in set(near.reaches):
        block = slice(widest - reach, widest + reach + 1)
        blocks[reach] = distance[:, block, block].flatten(1), pixel[:, block, block].flatten(1)
    planes = []
    for reach, decay in zip(near.reaches, near.decays, strict=True):
        away, place = blocks[reach]
        canvas = away.new_zeros(n, canvas_side**2)
        canvas.scatter_add_(1, place, (away * -decay).exp_())
        planes.append(canvas.view(n, canvas_side, canvas_side)[:, grid, grid])
    return planes


def _distances(points: _Points, reach: int, shift: float) -> Tensor:
    """Distances (N, W, W, P) of points (N, P) from the W = 2·reach + 1 rows and columns nearby."""
    steps = torch.arange(-reach, reach + 1, device=points.across.device)[:, None] + shift
    across = (steps - points.across[:, None]).square_()
    down = (steps - points.down[:, None]).square_()
    return (down[:, :, None] + across[:, None]).sqrt_()


def _block_pixels(points: _Points, reach: int, side: int, canvas_side: int) -> Tensor:
    """Indices (N, W, W, P) into a canvas of the pixels nearby; those outside are in its margin."""
    steps = torch.arange(-reach, reach + 1, device=points.column.device)[:, None]
    steps = steps + (canvas_side - side) // 2
    column = points.column.clamp(-reach - 1, side + reach)[:, None] + steps
    row = points.row.clamp(-reach - 1, side + reach)[:, None] + steps
    return (row * canvas_side)[:, :, None] + column[:, None]


def _convolved(points: _Points, far: _Far) -> list[Tensor]:
    """For each of the far planes (N, side, side) the values of all pixels but those nearby."""
    spectrum = torch.fft.rfft2(_fields(points, far))
    glow = spectrum[:, 0, None] * far.spectra[0]
    for field in range(1, len(far.spectra)):
        glow.addcmul_(spectrum[:, field, None], far.spectra[field])
    grid = slice(far.margin, far.margin + far.side)  # rows of the margin are not transformed
    seen = torch.fft.irfft(torch.fft.ifft(glow, dim=-2)[..., grid, :], n=far.period)[..., grid]
    return [threshold(p, f, 0.0) for p, f in zip(seen.unbind(1), far.faintest, strict=True)]


def _fields(points: _Points, far: _Far) -> Tensor:
    """The u_r of the points, each on its pixel: fields (N, fields, period, period)."""
    n, side, margin, period = len(points.column), far.side, far.margin, far.period
    inside = (points.column >= -margin) & (points.column < side + margin)
    inside &= (points.row >= -margin) & (points.row < side + margin)
    pixel = torch.where(inside, (points.row + margin) * period + points.column + margin, 0)
    shares = far.polynomials @ (_monomials(points.across, points.down) * inside[:, None])
    fields = shares.new_zeros(n, len(far.polynomials), period**2)
    fields.scatter_add_(2, pixel[:, None].expand_as(shares), shares)
    return fields.view(n, -1, period, period)


def _monomials(x: Tensor, y: Tensor) -> Tensor:
    """Monomials up to the third degree (..., 10, P) of x and y (..., P)."""
    xx, xy, yy = x * x, x * y, y * y
    return torch.stack(
        (torch.ones_like(x), x, y, xx, xy, yy, xx * x, xx * y, x * yy, yy * y), dim=-2
    )


# --- precomputed once for a set of kernels


@lru_cache(maxsize=16)
def _parts(glow: Glow, margin: int, device: torch.device) -> tuple[_Near, _Far | None]:
    """The two parts of the kernels, with as few near pixels as the tolerance permits."""
    windows = tuple(map(glow.reach, glow.half_widths))
    small = glow.side <= _SMALL_GRID
    stamped, fields = _STAMPED_OF_SMALL_GRIDS if small else _STAMPED
    near_reach, far = 1, None
    while planes := tuple(p for p, w in enumerate(windows) if w > max(near_reach, stamped)):
        expansion = _Expansion.of(glow, planes, near_reach, fields)
        if expansion.error < _TOLERANCE:
            far = _far(glow, margin, planes, expansion, device)
            break
        near_reach += 1
    reaches = tuple(near_reach if p in planes else w for p, w in enumerate(windows))
    return _Near(glow.side, glow.shift, reaches, tuple(map(glow.decay, glow.half_widths))), far


@dataclass(frozen=True, slots=True)
class _Expansion:
    """Far kernels as sums of products: Σ_r u_r(offset) · v_r(pixel)."""

    polynomials: Tensor  # (fields, monomials): the u_r
    windows: tuple[Tensor, ...]  # (fields, W, W) of every plane: the v_r, zero nearby
    error: float  # the largest, over all offsets and pixels

    @classmethod
    def of(cls, glow: Glow, planes: tuple[int, ...], near_reach: int, fields: int) -> "_Expansion":
        across, down = _offsets()
        kernels = [
            _far_kernels(glow, glow.half_widths[p], near_reach, across, down) for p in planes
        ]
        monomials = _monomials(across, down).T
        orthonormal, triangle = torch.linalg.qr(monomials)
        weighted = torch.cat([(kernel * weight).flatten(1) for kernel, weight in kernels], dim=1)
        leading = torch.linalg.svd(orthonormal.T @ weighted, full_matrices=False)[0][:, :fields]
        basis = orthonormal @ leading
        windows = [torch.einsum("or,oyx->ryx", basis, kernel) for kernel, _ in kernels]
        errors = [
            (torch.einsum("or,ryx->oyx", basis, window) - kernel).abs().max()
            for window, (kernel, _) in zip(windows, kernels, strict=True)
        ]
        polynomials = torch.linalg.solve_triangular(triangle, leading, upper=True).T
        return cls(polynomials, tuple(windows), max(map(float, errors)))


def _offsets() -> tuple[Tensor, Tensor]:
    """Columns and rows (81,) of places in a pixel, denser towards its edge (Chebyshev, Lobatto)."""
    places = -0.5 * torch.cos(math.pi * torch.linspace(0, 1, 9, dtype=torch.float64))
    down, across = torch.meshgrid(places, places, indexing="ij")
    return across.flatten(), down.flatten()


def _far_kernels(
    glow: Glow, half_width: int, near_reach: int, across: Tensor, down: Tensor
) -> tuple[Tensor, Tensor]:
    """Kernels (offsets, W, W), zero nearby, of points at so many offsets; weights (W, W)."""
    reach = glow.reach(half_width)
    steps = torch.arange(-reach, reach + 1, dtype=torch.float64)
    near = torch.maximum(steps.abs()[:, None], steps.abs()) <= near_reach
    places = steps + glow.shift
    distance = torch.hypot(places[:, None] - down[:, None, None], places - across[:, None, None])
    kernels = torch.exp(-glow.decay(half_width) * distance).masked_fill_(near, 0.0)
    return kernels, (places[:, None].square() + places.square()).clamp_min(1.0).reciprocal()


def _far(
    glow: Glow, margin: int, planes: tuple[int, ...], expansion: _Expansion, device: torch.device
) -> _Far:
    half_widths = [glow.half_widths[p] for p in planes]
    # a window that wraps around the transform ends in the margin beyond the other edge
    beyond = glow.widest if glow.overlaps else 0
    period = next_fast_len(glow.side + margin + beyond, real=True)
    spectra = torch.stack([_spectrum(window, period) for window in expansion.windows], dim=1)
    return _Far(
        side=glow.side,
        margin=margin,
        period=period,
        planes=planes,
        polynomials=expansion.polynomials.to(device, torch.float32),
        spectra=spectra.to(device, torch.complex64),
        faintest=tuple(glow.faintest(b) / 2 for b in half_widths),
    )


def _spectrum(windows: Tensor, period: int) -> Tensor:
    """Transform (fields, period, period // 2 + 1) of windows (fields, W, W) about pixel (0, 0)."""
    reach = windows.shape[-1] // 2
    padded = torch.nn.functional.pad(windows, (0, period - 2 * reach - 1) * 2)
    return torch.fft.rfft2(padded.roll((-reach, -reach), dims=(-2, -1)))
