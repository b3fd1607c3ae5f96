"""Pictures that move: GIF, WebP, APNG and AVIF, as Pillow gives their frames."""

import time
from collections.abc import Iterable, Iterator

from PIL import Image, ImageFile

from lookalike.decode.scenes import Scenes, sample_of
from lookalike.errors import DecodeError

MOST_FRAMES = 5000
"""As many frames are looked at."""

SECONDS = 60.0
"""So long is looked."""

_UNTOLD_MS = 100
"""What browsers make of a frame that is to be shown for no time at all."""


def moments(image: ImageFile.ImageFile) -> tuple[int, ...]:
    """Milliseconds of the frames that stand for an open picture; none where its first one does."""
    if not getattr(image, "is_animated", False):
        return ()
    scenes, until = Scenes(), time.monotonic() + SECONDS
    begins = 0
    for number in range(MOST_FRAMES):
        try:
            image.seek(number)
            lasts = _lasts(image)
            scenes.see(begins, sample_of(_on_white(image)))
        except EOFError:
            break
        except Exception:
            if number == 0:
                raise
            break  # what comes after the damage is not seen in a browser either
        begins += lasts
        if time.monotonic() > until:
            break
    chosen = scenes.chosen(begins)
    # An animation of one scene is a picture.
    return () if len(chosen) == 1 and scenes.begins in (0, None) else chosen


def at_moments(image: ImageFile.ImageFile, times: Iterable[int]) -> Iterator[int]:
    """Have an open picture show what it shows at each of these times in turn, rising; or its last.

    Raises:
        DecodeError: it has no frame but the first, and a time is after that.
    """
    image.seek(0)
    number, ends = 0, _lasts(image)
    for ms in times:
        if ms > 0 and not getattr(image, "is_animated", False):
            raise DecodeError("it is one picture and has no other moments")
        while ends <= ms and number < MOST_FRAMES:
            try:
                image.seek(number + 1)
                image.load()
            except EOFError:
                break
            number += 1
            ends += _lasts(image)
        yield ms


def _lasts(image: Image.Image) -> int:
    """Milliseconds for which the present frame is shown."""
    told = image.info.get("duration", 0)
    lasts = int(told) if isinstance(told, int | float) and 0 < told < 10**7 else 0
    return lasts if lasts > 10 else _UNTOLD_MS


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    layer = image.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer)
    return canvas
