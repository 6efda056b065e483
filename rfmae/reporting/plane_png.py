"""Small images as text: planes in [0, 1] as PNG in base64, and back."""

import base64
import io
import struct
import zlib

import numpy as np
from matplotlib.image import imread

from rfmae.errors import ArtefactError
from rfmae.records import FloatArray, IntArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _COLOUR = 0, 2  # PNG specification, section 11.2.2
_COLOUR_PLANES = 3


def encode_planes(image: FloatArray) -> str:
    """Planes (C, H, W) in [0, 1] as PNG of 8 bits in base64.

    Three planes are red, green and blue; any other number is placed side by side.
    """
    data = np.rint(255 * np.clip(image, 0.0, 1.0)).astype(np.uint8)
    if len(data) == _COLOUR_PLANES:
        rows = np.moveaxis(data, 0, -1).reshape(data.shape[1], -1)
        return _png(rows, data.shape[2], _COLOUR)
    rows = np.concatenate(list(data), axis=1)
    return _png(rows, rows.shape[1], _GREY)


def decode_planes(text: str, planes: int) -> FloatArray:
    """The planes (C, H, W) of an image that `encode_planes` made, in steps of 1/255."""
    try:
        image = imread(io.BytesIO(base64.b64decode(text)), format="png").astype(np.float64)
    except (OSError, ValueError, SyntaxError, struct.error, zlib.error) as error:
        raise ArtefactError(f"an image is no PNG: {error}") from error
    if planes == _COLOUR_PLANES == image.ndim:
        return np.moveaxis(image, -1, 0)
    if planes < 1 or image.ndim != 2 or image.shape[1] % planes:
        raise ArtefactError(f"an image of shape {image.shape} does not hold {planes} planes")
    return np.stack(np.split(image, planes, axis=1))


def _png(rows: IntArray, width: int, colour: int) -> str:
    """Rows of bytes as a PNG without filters."""
    head = struct.pack(">IIBBBBB", width, len(rows), 8, colour, 0, 0, 0)
    lines = np.pad(rows, ((0, 0), (1, 0)))  # each line begins with its filter, none
    body = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
    return base64.b64encode(_SIGNATURE + body + _chunk(b"IEND", b"")).decode("ascii")


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
