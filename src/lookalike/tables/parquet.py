"""A table as Parquet, through pyarrow."""

from typing import Any, BinaryIO

import numpy as np

from lookalike.errors import ExportError
from lookalike.tables.table import Kind, Table


def write_parquet(out: BinaryIO, table: Table) -> int:
    r"""Write the table, a row group a batch; returns the number of rows.

    What is no Unicode in a name is written as an escape, such as `\udcff` for the byte 255.

    Raises:
        ExportError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise ExportError(
            "Parquet needs pyarrow: pip install 'lookalike[parquet]', or write .csv or .jsonl"
        ) from error
    kinds = {
        "whole": pa.int64(),
        "number": pa.float64(),
        "yes": pa.bool_(),
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "wholes": pa.list_(pa.int64()),
        "moment": pa.timestamp("s", tz="UTC"),
        "clock": pa.timestamp("s"),
        "vector": pa.list_(pa.float32(), table.dimension),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in table.columns])
    count = 0
    with parquet.ParquetWriter(out, schema) as writer:
        for rows in table.batches:
            columns = [
                _column(pa, [row[name] for row in rows], kind, schema.field(name).type)
                for name, kind in table.columns
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(rows)
    return count


def _column(pa: Any, values: list[Any], kind: Kind, type_: Any) -> Any:  # noqa: ANN401  pyarrow's
    if kind == "vector":
        flat = np.concatenate(values) if values else np.empty(0, np.float32)
        return pa.FixedSizeListArray.from_arrays(pa.array(flat), type=type_)
    if kind == "text":
        values = [None if value is None else _unicode(value) for value in values]
    elif kind == "texts":
        values = [[_unicode(each) for each in value] for value in values]
    return pa.array(values, type_)


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
