"""A component that is a class: the annotations below its name are its specification, `run` does the work."""

from __future__ import annotations

from millwork import Component, output
from millwork.core.artifacts import Examples
from millwork.core.errors import WrongArgument


class FirstRows(Component):
    """Keep the first rows of each split."""

    examples: Examples
    rows: int = 1_000
    kept: Examples = output()

    def check(self) -> None:
        if self.rows < 1:
            raise WrongArgument(f"FirstRows: rows must be 1 or more, but got {self.rows}")

    def run(self) -> None:
        from millwork.components.data.reading import batches
        from millwork.components.data.writing import ExamplesWriter

        with ExamplesWriter(self.kept, self.examples.split_names) as writer:
            for split in self.examples.split_names:
                left = self.rows
                for batch in batches(self.examples, split):
                    writer.write(split, batch.slice(0, left))
                    left -= min(left, batch.num_rows)
