"""Parts for tests: small, quick, and importable by the processes that run steps."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from millwork import Artifact, Component, FinalStatus, Outputs, component, output
from millwork.core.artifacts import (
    Boolean,
    Examples,
    Float,
    Integer,
    Model,
    ModelBlessing,
    Predictions,
    Report,
    Schema,
    String,
)
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.signature import InputPath, ModuleFile, OutputPath


class Colour(Enum):
    """A parameter from a fixed set."""

    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Window:
    """A parameter with fields."""

    first: int
    last: float = 1.5
    colour: Colour = Colour.RED
    inner: Window | None = None


@dataclass(eq=False)
class Sound(Artifact):
    """An artifact type of a user's own."""

    rate: int = 0
    tags: tuple[str, ...] = ()


def double(x: int) -> int:
    """A function to pass as a parameter."""
    return 2 * x


class Rows(Component):
    """Writes rows."""

    base_type = "mlmd.Process"

    count: int = 3
    start: int = 0
    examples: Examples = output()

    def check(self) -> None:
        if self.count < 0:
            raise WrongArgument(f"Rows: count must be 0 or more, but got {self.count}")

    def run(self) -> None:
        folder = self.examples.path / "Split-train"
        folder.mkdir()
        (folder / "rows.txt").write_text(
            "".join(f"{i}\n" for i in range(self.start, self.start + self.count))
        )
        self.examples.split_names = ("train",)
        self.examples.num_examples = {"train": self.count}


class Sum(Component):
    """Adds the rows of several artifacts, and a number if there is one."""

    base_type = "mlmd.Evaluate"

    examples: list[Examples]
    extra: Integer | None = None
    scale: float = 1.0
    total: Float = output()
    report: Report = output()

    def run(self) -> None:
        rows = [
            int(line) for e in self.examples for line in (e.split("train") / "rows.txt").read_text().split()
        ]
        total = sum(rows) * self.scale + (self.extra.value if self.extra else 0)
        self.total.value = total
        (self.report.path / "report.md").write_text(
            f"{len(rows)} rows from {len(self.examples)} artifacts: {total}\n"
        )


class Count(Component):
    """Says what it was given: one artifact by itself, or a list."""

    examples: Examples | list[Examples]
    more: list[Examples] | Examples | None = None
    report: Report = output()

    def run(self) -> None:
        (self.report.path / "report.txt").write_text(f"{shape(self.examples)}, {shape(self.more)}")


def shape(given: Examples | list[Examples] | None) -> str:
    """`one`, `list of 2`, or `nothing`."""
    if isinstance(given, list):
        return f"list of {len(given)}"
    return "one" if given else "nothing"


@component
def count(
    report: Report, examples: Examples | list[Examples], more: Examples | list[Examples] | None = None
) -> None:
    """The same as a function."""
    (report.path / "report.txt").write_text(f"{shape(examples)}, {shape(more)}")


class Everything(Component):
    """Takes a parameter of every kind and writes what it got."""

    text: str = "a"
    number: int = 1
    real: float = 0.5
    flag: bool = False
    nothing: int | None = None
    path: Path = Path("x")
    colour: Colour = Colour.RED
    window: Window = Window(1)
    pair: tuple[int, str] = (1, "a")
    many: tuple[str, ...] = ()
    nested: Mapping[str, Any] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()
    blob: bytes = b""
    function: Callable[[int], int] = double
    report: Report = output()

    def run(self) -> None:
        shown = {**self.parameters, "chosen": sorted(self.chosen), "function": self.function.__name__}
        said = "\n".join(f"{n}={v!r}" for n, v in shown.items())
        (self.report.path / "report.txt").write_text(f"{said}\nfunction(21)={self.function(21)}\n")


class Reader(Component):
    """Reads a file outside the store."""

    source: InputPath
    report: Report = output()

    def run(self) -> None:
        (self.report.path / "copy.txt").write_bytes(Path(self.source).read_bytes())


@component
def both(report: Report, *, first: InputPath, second: InputPath) -> None:
    """Reads two files outside the store."""
    for name, source in (("first", first), ("second", second)):
        (report.path / name).write_bytes(Path(source).read_bytes() if "://" not in str(source) else b"remote")


class Exporter(Component):
    """Writes to a place outside the store, and has no output."""

    report: Report
    place: OutputPath

    def run(self) -> None:
        folder = Path(self.place)
        folder.mkdir(parents=True, exist_ok=True)
        for file in self.report.path.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())


class WithModule(Component):
    """Calls `answer()` of a user's module file."""

    module_file: ModuleFile | None = None
    function: Callable[[], int] | str | None = None
    answer: Integer = output()

    def run(self) -> None:
        from millwork.core.callables import user_function

        self.answer.value = user_function("answer", self.function, self.module_file)()


@component
def number(result: Integer, *, value: int = 1) -> None:
    """A number."""
    result.value = value


@component
def add(result: Integer, first: Integer, second: Integer | None = None, *, more: int = 0) -> None:
    """The sum of one or two numbers, and more."""
    result.value = first.value + (second.value if second else 0) + more


@component
def total(result: Integer, numbers: list[Integer]) -> None:
    """The sum of any number of numbers."""
    result.value = sum(n.value for n in numbers)


class Halves(Outputs):
    """Two artifacts."""

    low: Examples
    high: Examples


@component
def halve(halves: Halves, examples: Examples) -> None:
    """The first and the second half of the rows."""
    lines = (examples.split("train") / "rows.txt").read_text().splitlines(keepends=True)
    for part, rows in ((halves.low, lines[: len(lines) // 2]), (halves.high, lines[len(lines) // 2 :])):
        (part.path / "Split-train").mkdir()
        (part.path / "Split-train" / "rows.txt").write_text("".join(rows))
        part.split_names = ("train",)


class Facts(Outputs):
    """A value of every kind."""

    whole: Integer
    real: Float
    text: String
    flag: Boolean


@component
def facts(
    written: Facts, *, whole: int = 3, real: float = 0.25, text: str = "héllo\n", flag: bool = True
) -> None:
    """A value of every kind."""
    written.whole.value = whole
    written.real.value = real
    written.text.value = text
    written.flag.value = flag


@component
def retell(report: Report, whole: Integer, real: Float, text: String, flag: Boolean) -> None:
    """What arrived."""
    (report.path / "report.txt").write_text(repr((whole.value, real.value, text.value, flag.value)))


@component
def train(model: Model, examples: Examples, schema: Schema | None = None, *, fail: bool = False) -> None:
    """Something like a model."""
    if fail:
        raise BadInput("told to fail")
    (model.path / "weights.txt").write_text(f"{examples.num_examples} {schema is not None}")
    model.framework, model.span = "unknown", examples.span


@component
def guess(predictions: Predictions, model: Model) -> None:
    """Something like predictions."""
    (predictions.path / "guesses.txt").write_text((model.path / "weights.txt").read_text())


@component
def judge(
    blessing: ModelBlessing,
    model: Model | None = None,
    predictions: Predictions | None = None,
    baseline_model: Model | None = None,
    *,
    verdict: str = "BLESSED",
    forced: bool = False,
) -> None:
    """Something like a verdict."""
    (blessing.path / verdict).write_text("")
    blessing.blessed, blessing.verdict, blessing.forced = int(verdict == "BLESSED"), verdict, int(forced)


@component
def dated(examples: Examples, *, span: int, version: int = 0) -> None:
    """Rows of one day."""
    (examples.path / "rows.txt").write_text(f"{span}.{version}")
    examples.span, examples.version = span, version


@component
def last_words(report: Report, model: Model | None = None, *, status: FinalStatus = FinalStatus()) -> None:  # noqa: B008
    """Writes how the run ended."""
    told = [status.pipeline, status.state, *(f"{step} {state}" for step, state in status.steps.items())]
    told += [f"{step}: {message}" for step, message in status.failures.items()]
    (report.path / "report.txt").write_text("\n".join([*told, f"model {model is not None}"]))


@component
def record(sound: Sound, *, rate: int = 44_100) -> None:
    """An artifact type of a user's own."""
    (sound.path / "sound.raw").write_bytes(bytes(10))
    sound.rate = rate
    sound.tags = ("loud", "short")


@component
def play(report: Report, sound: Sound) -> None:
    """Reads an artifact type of a user's own."""
    (report.path / "report.txt").write_text(
        f"{sound.rate} {sound.tags} {len((sound.path / 'sound.raw').read_bytes())}"
    )


# Steps that end badly, or take their time.


@component
def sleep(
    result: Integer, after: list[Integer] | None = None, *, seconds: float = 0.2, value: int = 0
) -> None:
    """Takes its time."""
    time.sleep(seconds)
    result.value = value


@component
def fail(result: Integer, after: Integer | None = None, *, message: str = "no luck") -> None:
    """Raises, after it has written."""
    result.value = 1
    (result.path.parent / "half.bin").write_bytes(bytes(1000))
    print("about to fail")
    raise ValueError(message)


@component
def die(result: Integer, after: Integer | None = None, *, number: int = signal.SIGKILL) -> None:
    """Is killed by a signal, after it has written."""
    result.value = 1
    print("about to die", flush=True)
    os.kill(os.getpid(), number)
    time.sleep(10)


@component
def leave(result: Integer, after: Integer | None = None, *, code: int = 3) -> None:
    """Ends its process behind everybody's back."""
    result.value = 1
    os._exit(code)


@component
def quit_politely(result: Integer, after: Integer | None = None) -> None:
    """Calls sys.exit(0), which is no way to end a step."""
    result.value = 1
    sys.exit(0)


@component
def hoard(result: Integer, after: Integer | None = None, *, megabytes: int = 400) -> None:
    """Takes more memory than it may have."""
    limit = megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    kept = [bytearray(16 << 20) for _ in range(100)]
    result.value = len(kept)


@component
def chatter(result: Integer, after: Integer | None = None, *, megabytes: int = 20) -> None:
    """Prints a lot, to both streams, also from a process of its own."""
    line = "x" * 99 + "\n"
    for _ in range(megabytes * 5_000):
        sys.stdout.write(line)
        sys.stderr.write(line)
    subprocess.run(["echo", "said by a child"], check=True)
    result.value = 1


@component
def breed(result: Integer, after: Integer | None = None, *, note: str, detached: bool = False) -> None:
    """Starts a process that never ends, writes its number to `note`, and waits for it."""
    child = subprocess.Popen(["sleep", "1000"], start_new_session=detached)
    Path(note).write_text(f"{child.pid} {os.getpid()}")
    child.wait()


@component
def flaky(result: Integer, after: Integer | None = None, *, notes: str, good_at: int = 3) -> None:
    """Fails until it has been tried `good_at` times."""
    tried = Path(notes)
    with tried.open("a") as file:
        file.write(f"{time.time()}\n")
    if len(tried.read_text().splitlines()) < good_at:
        (result.path.parent / "half.bin").write_bytes(bytes(1000))
        raise ConnectionError("not yet")
    result.value = good_at


@component
def environment(result: String, *, name: str) -> None:
    """What the step sees of its surroundings."""
    result.value = f"{os.environ.get(name)}"


@component
def surroundings(result: String, after: Integer | None = None) -> None:
    """Where the step works, and who it is."""
    Path("scratch.txt").write_text("x")
    result.value = f"{os.getcwd()}\n{os.getpid()}\n{os.getppid()}"


@component
def kill_the_parent(result: Integer, after: Integer | None = None) -> None:
    """Kills the process that started it."""
    result.value = 1
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(10)


@component
def run_a_pipeline(result: Integer, *, root: str) -> None:
    """Tries to run a pipeline from inside a step."""
    from millwork import Pipeline
    from millwork.runners.local import LocalRunner

    LocalRunner(root).run(Pipeline("inner", number(value=1)))


@component
def ask(result: String) -> None:
    """Waits for somebody to type."""
    result.value = input("your name? ")


def _square(x: int) -> int:
    return x * x


@component
def parallelise(result: Integer, *, method: str) -> None:
    """Uses processes and threads of its own."""
    import multiprocessing
    from concurrent.futures import ThreadPoolExecutor

    with multiprocessing.get_context(method).Pool(2) as pool, ThreadPoolExecutor(2) as threads:
        result.value = sum(pool.map(_square, range(4))) + sum(threads.map(_square, range(4)))


@component
def silence(result: Integer, *, how: str) -> None:
    """Does away with its own streams."""
    result.value = 1
    if how == "close":
        sys.stdout.close()
        sys.stderr.close()
    elif how == "none":
        sys.stdout = sys.stderr = None
    else:
        os.closerange(0, 3)


@component
def fork(result: Integer, *, how: str) -> None:
    """Forks by itself, and lets the child come back."""
    result.value = 1
    if os.fork() == 0:
        if how == "raise":
            raise RuntimeError("in the child")
        return
    time.sleep(0.3)


@component
def leaves_a_daemon(result: Integer, *, note: str) -> None:
    """Starts a process and forgets it."""

    Path(note).write_text(str(subprocess.Popen(["sleep", "1000"]).pid))
    result.value = 1


@component
def write_zeros(report: Report, *, megabytes: int) -> None:
    """Fills a disk."""
    with open(report.path / "zeros", "wb") as file:
        for _ in range(megabytes):
            file.write(bytes(1 << 20))
