"""Some pictures out of a folder, as an encoder sees them."""

import os

from lookalike.decode import decode
from lookalike.encoders.encoder import Encoder
from lookalike.errors import DecodeError, SourceError
from lookalike.source import read_file, walk
from lookalike.types import Pixels

MOST = 400


def prepared_samples(encoder: Encoder, folder: str, most: int = MOST) -> list[Pixels]:
    """Up to `most` pictures, spread over all that are in the folder and below it.

    Files that cannot be used are left out.

    Raises:
        SourceError: there is no such folder.
    """
    root = os.path.realpath(os.path.expanduser(folder))
    if not os.path.isdir(root):
        raise SourceError(f"there is no folder {folder}")
    paths = [os.path.join(found.path, file.name) for found in walk(root) for file in found.files]
    pictures = []
    for path in paths[:: max(1, len(paths) // most)][:most]:
        try:
            picture = decode(read_file(path), at_least=encoder.decode_hint)
        except (SourceError, DecodeError):
            continue
        pictures.append(encoder.prepare(picture))
    return pictures
