"""Try a model in a server before it is pushed."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path

from millwork.components.models.inputs import Rows
from millwork.components.models.loading import (
    JOBLIB,
    SAVED_MODEL,
    SKOPS,
    STAMPED_FOLDER,
    framework_of,
    serving_folder,
)
from millwork.components.models.rest_client import ModelClient, Refused, Unreachable
from millwork.components.models.served import ServedModel
from millwork.components.models.tensor_models import TensorSignature
from millwork.components.serving.process import ServerFailed, ServerProcess, own_server
from millwork.components.serving.trial import Latency, Sample, ask, sample_rows, samples_for
from millwork.components.serving.warmup import write_warmup
from millwork.core.artifacts import Examples, InfraBlessing, Model
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument

log = logging.getLogger(__name__)

NAME = "model"
"""The model's, in the server."""
BLESSED, NOT_BLESSED = "INFRA_BLESSED", "INFRA_NOT_BLESSED"


class InfraValidator(Component):
    """Try a model in a server before it is pushed: whether it loads, answers sample requests, and how fast.

    The model is loaded in a fresh process by `millwork serve`, or by another server with TensorFlow Serving's REST
    API. With `examples` it is then asked for some of their rows (LOAD_AND_QUERY), without them only loaded (LOAD_ONLY).

        infra = InfraValidator(
            model=trainer.model,
            examples=transform.transformed_examples,
            split_name="eval",
            num_examples=20,
            max_latency_ms=100,
        )

    A signature on serialised `tf.Example`s gets each row as one, any other the columns of its inputs' names; so raw
    examples suit a model that does its own preprocessing, transformed ones the others.

    Always a verdict, and its reason: a model that does not load in time, crashes the server, answers with an error,
    NaN or infinity, takes features that the examples lack, or is too slow is not blessed, and the step completes. What
    may be an accident (a crash, the time, the latency) is tried `num_tries` times, what is sure to happen again is not.
    """

    base_type = "mlmd.Evaluate"
    libraries = ("tensorflow", "sklearn")

    model: Model
    examples: Examples | list[Examples] | None = None
    split_name: str = ""
    """The split to take rows from; by default the first."""
    num_examples: int = 1
    """Requests are one row each, and as many for each signature."""
    signature_names: tuple[str, ...] = ("serving_default",)
    exclude_features: tuple[str, ...] = ()
    """Left out of the requests: what clients cannot send, such as the label."""
    features: tuple[str, ...] | None = None
    """Columns in the order in which the model takes them, where it does not know their names."""
    max_loading_time_seconds: float = 300
    """From the start of the process to the first answer."""
    num_tries: int = 5
    request_timeout_seconds: float = 30
    max_latency_ms: float | None = None
    """What 99 of 100 requests may take at most."""
    make_warmup: bool = False
    """Write the requests into a copy of the model (a SavedModel) as its warm-up file, in `stamped_model/` of the
    blessing; Pusher pushes this copy. Whoever gets the model can read the rows in it."""
    trusted: bool = False
    """Load models in formats that can run any code, such as pickle."""
    trusted_types: tuple[str, ...] = ()
    """Types to allow in a `.skops` file besides those that skops knows."""
    command: tuple[str, ...] | None = None
    """Another server, such as ("tensorflow_model_server", "--rest_api_port={port}", "--model_name={name}",
    "--model_base_path={base}"). `{base}` is a folder with the model as version 1, `{model}` the model's own folder."""
    blessing: InfraBlessing = output()

    def check(self) -> None:
        for name in (
            "num_examples",
            "num_tries",
            "max_loading_time_seconds",
            "request_timeout_seconds",
            "max_latency_ms",
        ):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise WrongArgument(f"InfraValidator: {name} must be more than 0, but got {value}")
        if not self.signature_names:
            raise WrongArgument("InfraValidator: name at least one signature in signature_names")
        if self.make_warmup and self.examples is None:
            raise WrongArgument("InfraValidator: make_warmup needs examples to make requests of")
        if self.max_latency_ms is not None and self.examples is None:
            raise WrongArgument("InfraValidator: max_latency_ms needs examples to ask the model with")
        if self.command is not None and not any("{port}" in part for part in self.command):
            raise WrongArgument(
                f"InfraValidator: command must have {{port}} where the server is told its REST port: {self.command}"
            )

    def run(self) -> None:
        served = serving_folder(self.model)
        if self.make_warmup and (framework := framework_of(served)) != SAVED_MODEL:
            raise BadInput(
                f"make_warmup is for a SavedModel, but this model is {framework}. Leave make_warmup out"
            )
        rows: list[Rows] = []
        if self.examples is not None:
            rows = sample_rows(self.examples, self.split_name, self.num_examples, self.exclude_features)
        trial = self._tried(rows)
        if self.make_warmup and not trial.reason:
            stamped = self.blessing.path / STAMPED_FOLDER
            shutil.copytree(served, stamped)
            write_warmup(stamped, trial.samples, trial.signatures, NAME)
            self.blessing.has_model = 1
        self._write(trial)

    def _tried(self, rows: Sequence[Rows]) -> Trial:
        """The first trial that went well, or whose end is sure to be the same again; else the last."""
        trial = Trial()
        for number in range(1, self.num_tries + 1):
            trial = self._try(rows)
            trial.number = number
            if not trial.reason:
                break
            lines = "".join(f"\n    {line}" for line in trial.log)
            log.warning("Trial %d of %d: %s%s", number, self.num_tries, trial.reason, lines)
            if trial.final:
                break
        return trial

    def _try(self, rows: Sequence[Rows]) -> Trial:
        trial = Trial()
        with tempfile.TemporaryDirectory(prefix="millwork-infra-") as folder:
            server = ServerProcess(self._command(Path(folder)), NAME, Path(folder))
            try:
                with server:
                    self._examine(server, rows, trial)
            except ServerFailed as e:
                trial.reason, trial.final = str(e), e.final
            except Refused as e:
                trial.reason, trial.final = f"The server answers {e.status}: {e.said}", e.status < 500
            except Unreachable as e:
                trial.reason = str(e)
            except BadInput as e:
                trial.reason, trial.final = str(e), True
            trial.log = server.last_lines()
        return trial

    def _examine(self, server: ServerProcess, rows: Sequence[Rows], trial: Trial) -> None:
        began = time.monotonic()
        try:
            url = server.wait_until_loaded(self.max_loading_time_seconds)
            trial.load_seconds = round(time.monotonic() - began, 3)
            if rows:
                self._query(ModelClient(url, timeout=self.request_timeout_seconds, tries=1), rows, trial)
        except Unreachable as e:
            server.check_soon()
            raise Unreachable(f"The server did not answer: {e.__cause__}") from e
        finally:
            trial.peak_memory = server.peak_memory
        slowest = trial.latency.percentile(99)
        if self.max_latency_ms is not None and slowest > self.max_latency_ms:
            trial.reason = (
                f"The 99th percentile of the latency of {len(trial.latency.times)} requests is {slowest:g} ms, and may "
                f"be {self.max_latency_ms:g} ms at most"
            )

    def _query(self, client: ModelClient, rows: Sequence[Rows], trial: Trial) -> None:
        with contextlib.closing(client):
            model = ServedModel(client)
            trial.signatures = model.signatures
            trial.samples = samples_for(model, rows, self.signature_names, self.features)
            trial.latency = ask(model, trial.samples)

    def _command(self, folder: Path) -> list[str]:
        served = serving_folder(self.model)
        if self.command is None:
            return own_server(served, NAME, *self._loading())
        base = folder / NAME
        if any("{base}" in part for part in self.command):
            shutil.copytree(served, base / "1")
        known = {"{name}": NAME, "{base}": str(base), "{model}": str(served)}
        return [
            reduce(lambda text, name: text.replace(name, known[name]), known, part) for part in self.command
        ]

    def _loading(self) -> list[str]:
        found = ["--trusted"] if self.trusted else []
        found += [f"--trusted-type={name}" for name in self.trusted_types]
        takes_columns = framework_of(serving_folder(self.model)) in (SKOPS, JOBLIB)
        return found + ([f"--features={','.join(self.features)}"] if self.features and takes_columns else [])

    def _write(self, trial: Trial) -> None:
        blessing = self.blessing
        blessing.blessed = int(not trial.reason)
        blessing.reason = trial.reason
        blessing.load_seconds = trial.load_seconds
        blessing.peak_memory = trial.peak_memory
        latency = {f"p{share}": trial.latency.percentile(share) for share in (50, 90, 99)}
        blessing.latency_p50_ms, blessing.latency_p90_ms, blessing.latency_p99_ms = latency.values()
        (blessing.path / (NOT_BLESSED if trial.reason else BLESSED)).touch()
        (blessing.path / "server.log").write_text("".join(f"{line}\n" for line in trial.log), "utf-8")
        document = {
            "schema": "millwork/infra/v1",
            "blessed": not trial.reason,
            "reason": trial.reason,
            "mode": "LOAD_ONLY" if self.examples is None else "LOAD_AND_QUERY",
            "trials": trial.number,
            "load_seconds": trial.load_seconds,
            "peak_memory": trial.peak_memory,
            "signatures": sorted({sample.signature for sample in trial.samples}),
            "samples": len(trial.samples),
            "requests": len(trial.latency.times),
            "latency_ms": {"first": trial.latency.first, **latency},
        }
        (blessing.path / "infra.json").write_text(json.dumps(document, indent=2) + "\n", "utf-8")
        log.info("The model is %s: %s", "not blessed" if trial.reason else "blessed", trial.reason or latency)


@dataclass
class Trial:
    """How one start of the server went."""

    number: int = 1
    reason: str = ""
    """Why the model is not to be blessed."""
    final: bool = False
    """Another trial would end in the same way."""
    load_seconds: float = 0.0
    peak_memory: int = 0
    latency: Latency = field(default_factory=Latency)
    samples: Sequence[Sample] = ()
    signatures: Mapping[str, TensorSignature] = field(default_factory=dict)
    log: Sequence[str] = ()
