"""What a collection is on a Milvus server: two collections of its own.

`NAME` has an entity a picture: all that filters ask for as fields, and its vector. One entity is
written or not, so a picture and its vector can never come apart. `NAME__catalogue` has everything
else, by keys: folders, roots, skipped files, labels, and the writer's lease and journal.
"""

from collections.abc import Mapping
from typing import Any

from lookalike.errors import StoreError
from lookalike.store.milvus.address import Address

FORMAT = 1
MOST = 16_384
"""Most results that Milvus gives for one request."""

_TEXT = 16_384
_KINDS: dict[str, tuple[str, dict[str, int]]] = {
    "auto": ("HNSW", {"M": 16, "efConstruction": 200}),
    "hnsw": ("HNSW", {"M": 16, "efConstruction": 200}),
    "ivf": ("IVF_FLAT", {"nlist": 1024}),
    "diskann": ("DISKANN", {}),
    "flat": ("FLAT", {}),
}

SCALARS = (
    "id", "folder", "name", "frame", "digest", "size", "mtime_ns", "width", "height", "taken",
    "data",
)  # fmt: skip
"""What makes a file's record; `format` and `camera` are in `data` as they are, and as fields in the
spelling that filters compare."""


def catalogue(name: str) -> str:
    """The name of the second collection."""
    return f"{name}__catalogue"


def create_catalogue(client: Any, address: Address) -> None:  # noqa: ANN401  not typed
    """Make the second collection."""
    from pymilvus import DataType

    files = client.create_schema(auto_id=False, enable_dynamic_field=False)
    files.add_field("key", DataType.VARCHAR, is_primary=True, max_length=_TEXT)
    files.add_field("kind", DataType.VARCHAR, max_length=16)
    files.add_field("folder", DataType.VARCHAR, max_length=_TEXT)
    files.add_field("picture", DataType.INT64)
    files.add_field("data", DataType.JSON)
    files.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # there has to be a vector
    index = client.prepare_index_params()
    index.add_index("unused", index_type="FLAT", metric_type="L2")
    client.create_collection(catalogue(address.name), schema=files, index_params=index)


def create_pictures(client: Any, address: Address, dimension: int) -> None:  # noqa: ANN401
    """Make the first collection."""
    from pymilvus import DataType

    pictures = client.create_schema(auto_id=False, enable_dynamic_field=False)
    pictures.add_field("id", DataType.INT64, is_primary=True)
    for field in ("folder", "name"):
        pictures.add_field(field, DataType.VARCHAR, max_length=_TEXT)
    for field in ("digest", "format", "camera"):
        pictures.add_field(field, DataType.VARCHAR, max_length=512)
    for field in ("frame", "size", "mtime_ns", "width", "height", "taken"):
        pictures.add_field(field, DataType.INT64)
    pictures.add_field("data", DataType.JSON)
    pictures.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
    index = client.prepare_index_params()
    kind, parameters = _KINDS[address.index]
    index.add_index("vector", index_type=kind, metric_type="IP", params=parameters)
    client.create_collection(address.name, schema=pictures, index_params=index)


def search_parameters(index: Mapping[str, Any], k: int, recall: float) -> dict[str, int]:
    """How far a search looks, for an index as the server describes it."""
    kind = index.get("index_type")
    breadth = max(k, round((64 + 2 * k) * (1 if recall <= 0.99 else 4)))
    if kind == "HNSW":
        return {"ef": min(32_768, breadth)}
    if kind == "DISKANN":
        return {"search_list": min(65_535, breadth)}
    if kind == "IVF_FLAT":
        lists = int(index.get("nlist", 1024))
        return {"nprobe": max(1, min(lists, round(lists * (0.03 if recall <= 0.99 else 0.2))))}
    return {}


def check_format(version: object) -> None:
    """Refuse what another version has written.

    Raises:
        StoreError: it has.
    """
    if version != FORMAT:
        raise StoreError(
            f"the collection on the server has format {version}, and this Lookalike knows {FORMAT};"
            " update Lookalike"
        )
