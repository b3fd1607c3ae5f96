"""What it takes to find the frames that stand for a film: seeking from key to key, and all of it.

A film is made of pictures that the camera turns over, ten seconds each, once with a key frame every
two seconds and once with next to none.

Run: python -m benchmarks.films FOLDER    with a folder of pictures a kind, such as Intel's
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from lookalike import decode
from lookalike.source import FilmFile, media_digest

_MINUTES, _SCENE_S, _FPS, _SIZE = 5, 10, 25, (1280, 720)


def _write(path: str, files: list[Path], gop: int) -> None:
    with av.open(path, "w") as out:
        stream: Any = out.add_stream("libx264", rate=_FPS)
        stream.width, stream.height = _SIZE
        stream.pix_fmt, stream.gop_size = "yuv420p", gop
        stream.options = {"preset": "ultrafast", "sc_threshold": "0" if gop > 1000 else "40"}
        for file in files:
            with Image.open(file) as opened:
                wide = np.asarray(opened.convert("RGB").resize((_SIZE[0] + 200, _SIZE[1])))
            for number in range(_SCENE_S * _FPS):
                left = 200 * number // (_SCENE_S * _FPS)
                pixels = np.ascontiguousarray(wide[:, left : left + _SIZE[0]])
                out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())


def main(folder: str) -> None:
    scenes = _MINUTES * 60 // _SCENE_S
    found = sorted(Path(folder).glob("*/*.jpg"))
    order = np.random.default_rng(0).permutation(len(found))[:scenes]
    files = [found[place] for place in order]
    print(f"{_MINUTES} min of {_SIZE[0]} x {_SIZE[1]}, {_FPS} a second, {scenes} scenes, H.264")
    with tempfile.TemporaryDirectory() as scratch:
        for name, gop in (("a key frame every 2 s", 2 * _FPS), ("one key frame", 10**6)):
            path = os.path.join(scratch, "film.mp4")
            _write(path, files, gop)
            film = FilmFile(path)
            began = time.perf_counter()
            media_digest(film)
            hashed = time.perf_counter()
            scanned = decode.scan(film)
            looked = time.perf_counter()
            count = sum(1 for _ in decode.frames(film, scanned.frames, 320))
            done = time.perf_counter()
            hit = len({ms // (1000 * _SCENE_S) for ms in scanned.frames})
            took = f"hash {hashed - began:.2f} s, look through {looked - hashed:.2f} s, "
            took += f"take {count} frames {done - looked:.2f} s"
            size = os.path.getsize(path) / 2**20
            print(f"{name:<22} {size:5.1f} MiB: {took}; {hit} of {scenes} scenes have one")


if __name__ == "__main__":
    main(sys.argv[1])
