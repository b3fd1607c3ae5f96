"""A store on a Milvus server: the extra `lookalike[milvus]`."""

from lookalike.store.milvus.address import is_address, parse_address
from lookalike.store.milvus.store import MilvusStore

__all__ = ["MilvusStore", "is_address", "parse_address"]
