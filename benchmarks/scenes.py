"""How well cuts are told from movement: `lookalike.decode.scenes` on real pictures.

Each picture is followed by another one (a cut; once any, once one of the same kind, which is the
hardest), and by itself after the camera has turned by a share of its width. The shares of both that
are taken for a cut, at the threshold in use and around it.

Run: python -m benchmarks.scenes FOLDER    with a folder of pictures a kind, such as Intel's
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from lookalike.decode.scenes import CUT, change_of, sample_of
from lookalike.types import Pixels

_PICTURES = 800
_WINDOW = 0.6
_TURNS = (0.02, 0.05, 0.1, 0.2)


def _view(picture: Image.Image, turn: float) -> Pixels:
    """What the camera sees after it has turned."""
    width = picture.width
    right = int(width * (_WINDOW + turn))
    return sample_of(picture.crop((int(width * turn), 0, right, picture.height)))


def main(folder: str) -> None:
    files = sorted(Path(folder).glob("*/*.jpg"))
    order = np.random.default_rng(0).permutation(len(files))[:_PICTURES]
    cuts, kin = [], []
    turns: dict[float, list[float]] = {turn: [] for turn in _TURNS}
    before: tuple[str, Pixels] | None = None
    for place in order:
        with Image.open(files[place]) as opened:
            picture = opened.convert("RGB")
        here = files[place].parent.name, sample_of(picture)
        if before is not None:
            change = change_of(before[1], here[1])
            cuts.append(change)
            if before[0] == here[0]:
                kin.append(change)
        before = here
        for turn, seen in turns.items():
            seen.append(change_of(_view(picture, 0), _view(picture, turn)))
    names = [f"turned by {turn:.0%}" for turn in _TURNS]
    print(f"{len(order)} pictures of {folder}; the share that is taken for a cut")
    print(f"{'threshold':<10} {'cuts':>8} {'same kind':>10} " + " ".join(f"{n:>14}" for n in names))
    for least in sorted({0.1, 0.15, 0.25, 0.3, CUT}):
        shares = [float(np.mean(np.array(values) > least)) for values in (cuts, kin)]
        moved = [float(np.mean(np.array(turns[turn]) > least)) for turn in _TURNS]
        mark = " (in use)" if least == CUT else ""
        row = f"{least:<10} {shares[0]:>8.1%} {shares[1]:>10.1%} "
        print(row + " ".join(f"{share:>14.1%}" for share in moved) + mark)


if __name__ == "__main__":
    main(sys.argv[1])
