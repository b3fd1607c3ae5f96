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
_FILTERED = 16
"""Times as far a search looks where there is a filter: a graph leads through pictures that do not
fit, and those that do lie apart in it."""

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
    kind, parameters = _index(address)
    index.add_index("vector", index_type=kind, metric_type="IP", params=parameters)
    try:
        client.create_collection(
            address.name, schema=pictures, index_params=index, num_shards=address.shards
        )
    except Exception:
        # It is made before its index is: where the server does not have that one, none is left.
        if client.has_collection(address.name):
            client.drop_collection(address.name)
        raise


def _index(address: Address) -> tuple[str, dict[str, int]]:
    """What the server calls an index, and its parameters."""
    if address.index == "ivf":
        return "IVF_FLAT", {"nlist": address.lists}
    if address.index == "diskann":
        return "DISKANN", {}
    if address.index == "flat":
        return "FLAT", {}
    return "HNSW", {"M": address.links, "efConstruction": address.effort}


def search_parameters(
    index: Mapping[str, Any], k: int, recall: float, *, filtered: bool
) -> dict[str, int]:
    """How far a search looks, for an index as the server describes it."""
    kind = index.get("index_type")
    breadth = (64 + 2 * k) * (_FILTERED if filtered else 1) * (1 if recall <= 0.99 else 4)
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
