"""Bring a schema that somebody wrote, or reviewed, into a pipeline."""

from __future__ import annotations

import shutil
from pathlib import Path

from millwork.components.data import schema_file
from millwork.core.artifacts import Schema
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.signature import InputPath
from millwork.core.storage import is_remote, local_path


class ImportSchema(Component):
    """Use a schema file as it is, comments included, after checking that it can be read.

    schema = ImportSchema(schema_file="schema/schema.pbtxt").schema
    """

    base_type = "mlmd.Process"

    schema_file: InputPath
    """A text file of TensorFlow Metadata's Schema, such as SchemaGen's `schema.pbtxt`."""
    schema: Schema = output()

    def check(self) -> None:
        if not is_remote(str(self.schema_file)) and not Path(self.schema_file).is_file():
            raise WrongArgument(f"ImportSchema: there is no schema file {str(self.schema_file)!r}")

    def run(self) -> None:
        source = local_path(str(self.schema_file))
        if not schema_file.read_schema(source).feature:
            raise BadInput(f"{str(source)!r} defines no feature. Is it a schema?")
        shutil.copyfile(source, self.schema.path / schema_file.FILE_NAME)
