"""Small upright copies for people to look at."""

import io

from PIL import Image

from lookalike.decode.isolate import decode


def thumbnail(data: bytes, side: int) -> bytes:
    """A JPEG of the picture, upright, its longest side at most `side` pixels.

    Args:
        data: the encoded file.
        side: pixels, at least 1.

    Raises:
        DecodeError: see `decode`.
    """
    # A long panorama has a short side far below `side`; its decode keeps enough for both.
    picture = decode(data, at_least=side)
    image = picture.image
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()
