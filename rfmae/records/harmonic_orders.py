"""The declaration of circular harmonics: which orders, on how many rings, of what."""

from rfmae.records.image import ImageConfig, Plane

ORDERS = (0, 1, 2, 3, 4, 6, 8)
"""Of the harmonics: up to what sets eight phases apart."""

RINGS = 16
"""From the centre to the border of the axes; what lies beyond is left out, as in an image."""


def harmonic_planes(image: ImageConfig) -> tuple[Plane, ...]:
    """What harmonics are taken of: the planes of an image, those that show the same points once.

    How a plane is rendered means nothing here: harmonics are of the points themselves.
    """
    shown: dict[tuple[str, float], Plane] = {}
    for plane in image.planes:
        shown.setdefault((plane.what, plane.lag_symbols), plane)
    return tuple(shown.values())
