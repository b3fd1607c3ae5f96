"""Pictures as entities of a Milvus collection, and back."""

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.store.base import FileRecord, StoredFile
from lookalike.store.milvus.text import escaped, unescaped
from lookalike.store.where import camera_key

UNKNOWN = -(2**62)
"""As `taken`: the file does not say."""

Entity = dict[str, Any]


def entity_of(image_id: int, file: FileRecord, vector: NDArray[np.float32]) -> Entity:
    """The whole entity of a picture."""
    folder, name = os.path.split(file.path)
    return {
        "id": image_id,
        "folder": escaped(folder),
        "name": escaped(name),
        "frame": -1 if file.frame is None else file.frame,
        "digest": file.digest.hex(),
        "format": escaped(file.format.upper()),
        "camera": camera_text(file.camera),
        "size": file.size,
        "mtime_ns": file.mtime_ns,
        "width": file.width,
        "height": file.height,
        "taken": UNKNOWN if file.taken is None else file.taken,
        "data": {
            "format": file.format,
            "camera": file.camera,
            "details": file.details,
            "keywords": list(file.keywords),
        },
        "vector": vector,
    }


def stored_file(entity: Entity) -> StoredFile:
    """The picture that an entity is."""
    data = entity["data"]
    file = FileRecord(
        path=os.path.join(unescaped(entity["folder"]), unescaped(entity["name"])),
        size=int(entity["size"]),
        mtime_ns=int(entity["mtime_ns"]),
        digest=bytes.fromhex(entity["digest"]),
        width=int(entity["width"]),
        height=int(entity["height"]),
        format=data["format"],
        taken=None if entity["taken"] == UNKNOWN else int(entity["taken"]),
        camera=data["camera"],
        details=int(data["details"]),
        frame=None if entity["frame"] < 0 else int(entity["frame"]),
        keywords=tuple(data["keywords"]),
    )
    return StoredFile(int(entity["id"]), file)


def camera_text(camera: str | None) -> str:
    """A camera as its field has it; one that is not known is like no other."""
    return "" if camera is None else "=" + escaped(camera_key(camera))
