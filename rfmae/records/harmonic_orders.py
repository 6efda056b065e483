"""Settings of circular harmonics: their orders, rings and planes."""

from rfmae.records.image import ImageConfig, Plane

ORDERS = (0, 1, 2, 3, 4, 6, 8)
"""Orders of the harmonics: up to those that distinguish eight phases."""

RINGS = 16
"""From the centre to the border of the axes; points beyond are left out, as in an image."""


def harmonic_planes(image: ImageConfig) -> tuple[Plane, ...]:
    """The planes that harmonics are computed of; planes that show the same points count once.

    The rendering of a plane does not matter: harmonics are of the points themselves.
    """
    shown: dict[tuple[str, float], Plane] = {}
    for plane in image.planes:
        shown.setdefault((plane.what, plane.lag_symbols), plane)
    return tuple(shown.values())
