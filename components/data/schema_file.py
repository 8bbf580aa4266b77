"""Reading and writing `schema.pbtxt`, TensorFlow Metadata's Schema as text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0.schema_pb2 import Schema

FILE_NAME = "schema.pbtxt"


def read_schema(path: Path) -> Schema:
    """The schema in a file, or in the `schema.pbtxt` of a folder."""
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    file = path / FILE_NAME if path.is_dir() else path
    if not file.is_file():
        raise BadInput(f"There is no schema file {str(file)!r}")
    try:
        return text_format.Parse(file.read_text(encoding="utf-8"), schema_pb2.Schema())
    except (text_format.ParseError, UnicodeDecodeError) as e:
        raise BadInput(
            f"{str(file)!r} is not a schema in text form: {e}. It must look like what SchemaGen writes, for "
            'example: feature { name: "fare" type: FLOAT }'
        ) from e


def write_schema(folder: Path, schema: Schema) -> None:
    """Write `schema.pbtxt` into `folder`."""
    from google.protobuf import text_format

    (folder / FILE_NAME).write_text(text_format.MessageToString(schema), encoding="utf-8")
