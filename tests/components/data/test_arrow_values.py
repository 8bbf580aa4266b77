"""What ParquetExampleGen cannot be tested with, because not every version of Arrow writes it to Parquet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from millwork.components.data.arrow_values import flat_values, meaning_of
from millwork.core.errors import BadInput


def test_half_floats_are_floats() -> None:
    column = pa.array([np.float16(0.5), None, np.float16(0)], pa.float16())
    assert flat_values("x", column).equals(pa.array([0.5, None, 0.0], pa.float32()))


def test_a_part_of_a_column_is_converted_like_the_whole() -> None:
    column = pa.array([[1], None, [2, 3], []], pa.large_list(pa.int8()))
    assert flat_values("x", column.slice(1, 2)).to_pylist() == [None, [2, 3]]
    fixed = pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int8(), 2))
    assert flat_values("x", fixed).to_pylist() == [[1, 2], None, [3, 4]]
    assert flat_values("x", fixed.slice(1)).to_pylist() == [None, [3, 4]]


def test_what_is_no_column_is_refused_with_its_name() -> None:
    with pytest.raises(BadInput, match="column 'm' is map<string, int64>, which examples cannot hold"):
        meaning_of("m", pa.map_(pa.string(), pa.int64()))
