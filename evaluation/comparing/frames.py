"""Predictions in a pandas frame, read like those of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.core.errors import BadInput
from millwork.evaluation.comparing.arrow_columns import joined
from millwork.evaluation.comparing.foreign_files import ForeignFiles, ForeignRows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class FrameRows(ForeignFiles):
    """A frame, in the place of files."""

    frame: pd.DataFrame | None = None

    def read(self, names: Sequence[str], as_text: Sequence[str] = ()) -> ForeignRows:
        import pyarrow as pa

        assert self.frame is not None
        try:
            columns = {name: joined([pa.Array.from_pandas(self.frame[name])]) for name in names}
        except (pa.ArrowInvalid, pa.ArrowTypeError) as e:
            raise BadInput(f"{str(self.path)!r} cannot be read: {e}") from e
        return ForeignRows(columns, self.files, (len(self.frame),))


def rows_of_frame(frame: pd.DataFrame, name: str) -> FrameRows:
    """The rows of a frame, which messages call by this name. What an index is called is a column, too.

    BadInput if columns are not named by texts, each once.
    """
    if levels := [level for level in frame.index.names if level is not None and level not in frame.columns]:
        frame = frame.reset_index(level=levels)
    names = list(frame.columns)
    if not all(isinstance(column, str) for column in names) or len(set(names)) < len(names):
        raise BadInput(f"{name!r}: the columns of a frame must be texts, each once, but are {names!r}")
    return FrameRows(Path(name), (Path(name),), ("",), tuple(names), frame)
