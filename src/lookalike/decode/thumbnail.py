"""Small upright copies for people to look at."""

import io

from PIL import Image

from lookalike.decode.isolate import decode
from lookalike.source import Media


def thumbnail(media: Media, side: int, frame: int | None = None) -> bytes:
    """A JPEG of the picture, upright, its longest side at most `side` pixels.

    Args:
        media: the encoded file.
        side: pixels, at least 1.
        frame: see `decode`.

    Raises:
        DecodeError: see `decode`.
    """
    # A long panorama has a short side far below `side`; its decode keeps enough for both.
    picture = decode(media, at_least=side, frame=frame)
    image = picture.image
    image.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, optimize=True, progressive=True)
    return out.getvalue()
