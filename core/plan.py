"""A pipeline as data: a JSON document that every runner executes.

Fully resolved, the same byte for byte for the same pipeline, and readable by another process.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from millwork.core.callables import load_reference, reference_to
from millwork.core.component import Component, contract_of
from millwork.core.conditions import condition_to_json
from millwork.core.contract import check_arguments
from millwork.core.errors import BadInput, NotFound, WrongArgument, did_you_mean
from millwork.core.exit_handler import FinalStatus
from millwork.core.function import FunctionComponent
from millwork.core.graph import Artifact, Step
from millwork.core.importing import ImportStep
from millwork.core.options import Options
from millwork.core.pipeline import Pipeline, PipelineFunction
from millwork.core.resolving import ResolverStep, inputs_of_resolver
from millwork.core.signature import Signature
from millwork.core.values import decode, encode

SCHEMA = "millwork/plan/v1"


@dataclass(frozen=True)
class Wire:
    """An output of another step."""

    step: str
    output: str


@dataclass(frozen=True)
class PlannedStep:
    """One step of a plan. `parameters` are encoded as `millwork.core.values` says."""

    id: str
    kind: str
    reference: str
    base_type: str
    libraries: tuple[str, ...]
    parameters: Mapping[str, Any]
    inputs: Mapping[str, tuple[Wire, ...]]
    lists: tuple[str, ...]
    """The inputs that were given as a list."""
    outputs: Mapping[str, str]
    """The artifact types, as `module:name`."""
    conditions: tuple[Mapping[str, Any], ...]
    at_exit: bool
    """It runs at the end of the run, whatever happened."""
    options: Options
    not_cached: str = ""
    """Why it runs every time, in words. Empty if the cache may do."""

    def needs(self) -> Iterator[Wire]:
        """Every output of other steps that must be known before this step may start."""
        for wires in self.inputs.values():
            yield from wires
        yield from self.condition_wires()

    def condition_wires(self) -> Iterator[Wire]:
        """The outputs whose properties decide whether this step runs."""
        for condition in self.conditions:
            yield from _wires_in(condition)

    @property
    def signature(self) -> Signature:
        """The contract of its component, or of what stands in its place."""
        target = load_reference(self.reference)
        if isinstance(target, FunctionComponent):
            return target.signature
        if isinstance(target, type) and issubclass(target, Component):
            return contract_of(target)
        return Signature(inputs_of_resolver(Artifact) if self.kind == "resolver" else {}, {}, {})

    def load(self, inputs: Mapping[str, Sequence[Artifact]], outputs: Mapping[str, str]) -> Step:
        """The step itself, ready to run: with real inputs, and a place for each output."""
        parameters = {name: decode(value) for name, value in self.parameters.items()}
        if self.kind == "import":
            kind = load_reference(self.outputs["imported"])
            return ImportStep(self.id, kind, parameters["uri"], parameters["properties"]).bind({}, outputs)
        target = load_reference(self.reference)
        if self.kind == "resolver":
            [(name, kind)] = self.outputs.items()
            given, several = inputs.get("given", ()), name == "artifacts"
            return ResolverStep(self.id, target(**parameters), load_reference(kind), given, several=several)
        if isinstance(target, type) and issubclass(target, Component):
            wanted = target(id=self.id, options=self.options, **parameters, **self._arguments(inputs))
            return wanted.bind(inputs, outputs)
        if isinstance(target, FunctionComponent):
            place = target.configured(id=self.id, options=self.options)
            return place.step(**parameters, **self._arguments(inputs)).bind(inputs, outputs)
        raise WrongArgument(
            f"{self.reference} is a plain {type(target).__name__}, not a component. Decorate it with @component"
        )

    def _arguments(self, inputs: Mapping[str, Sequence[Artifact]]) -> dict[str, Any]:
        given = {n: list(a) if n in self.lists else a[0] for n, a in inputs.items()}
        return {**dict.fromkeys(self.inputs), **given}


@dataclass(frozen=True)
class Plan:
    """A pipeline, compiled."""

    pipeline: str
    parameters: Mapping[str, Any]
    steps: tuple[PlannedStep, ...]

    def __getitem__(self, id: str) -> PlannedStep:
        for step in self.steps:
            if step.id == id:
                return step
        known = did_you_mean(id, [s.id for s in self.steps])
        raise NotFound(f"Pipeline {self.pipeline!r} has no step {id!r}. {known}")

    def to_json(self) -> str:
        """The document."""
        content = {"schema": SCHEMA, **dataclasses.asdict(self)}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"

    def without_secrets(self) -> Plan:
        """The plan with the values of environment variables left out: what may be stored."""
        steps = []
        for step in self.steps:
            hidden = dict.fromkeys(step.options.environment, "***")
            steps.append(
                dataclasses.replace(step, options=dataclasses.replace(step.options, environment=hidden))
            )
        return dataclasses.replace(self, steps=tuple(steps))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """The plan that a document holds."""
        try:
            content = json.loads(text)
            schema = content.get("schema") if isinstance(content, dict) else None
            if schema != SCHEMA:
                raise BadInput(
                    f"This is not a plan of this version: its schema is {schema!r}, not {SCHEMA!r}"
                )
            return cls(
                content["pipeline"], content["parameters"], tuple(map(step_from_json, content["steps"]))
            )
        except json.JSONDecodeError as e:
            raise BadInput(f"This is not a plan: {e}") from e
        except KeyError as e:
            raise BadInput(f"This is not a plan: {e} is missing") from e


def compile_pipeline(pipeline: Pipeline[Any]) -> Plan:
    """The plan of a pipeline. Refuses what could not cross to another process."""
    if isinstance(pipeline, PipelineFunction):
        name = pipeline.name
        raise WrongArgument(f"{name} is a function that describes a pipeline. Call it: run({name}(...))")
    if not isinstance(pipeline, Pipeline):
        raise WrongArgument(f"run() takes a pipeline or a plan, but got {pipeline!r}")
    parameters = {n: encode(v, f"Pipeline parameter {n}") for n, v in pipeline.parameters.items()}
    return Plan(pipeline.name, parameters, tuple(_plan_step(s) for s in pipeline.steps))


def step_from_json(content: Mapping[str, Any]) -> PlannedStep:
    """One step of a document."""
    inputs = {name: tuple(Wire(**w) for w in wires) for name, wires in content["inputs"].items()}
    changed = {
        "inputs": inputs,
        "lists": tuple(content["lists"]),
        "libraries": tuple(content["libraries"]),
        "conditions": tuple(content["conditions"]),
        "options": Options(**content["options"]),
    }
    return PlannedStep(**{**content, **changed})


def final_status_parameters(signature: Signature) -> list[str]:
    """The parameters that the runner fills in, in a step at exit."""
    return [name for name, parameter in signature.parameters.items() if parameter.hint is FinalStatus]


def _plan_step(step: Step) -> PlannedStep:
    check_arguments(
        step.reference.partition(":")[2], step.signature, step.arguments
    )  # may have been assigned since
    filled_in = final_status_parameters(step.signature)
    if filled_in and not step.at_exit:
        raise WrongArgument(
            f"{step.id}: {filled_in[0]} is how the run ended, which only steps at its end can know. Place the step "
            "below `with on_exit():`"
        )
    return PlannedStep(
        id=step.id,
        kind=step.kind,
        reference=step.reference,
        base_type=step.base_type,
        libraries=step.libraries,
        parameters={
            n: encode(v, f"{step.id}: {n}") for n, v in step.parameters.items() if n not in filled_in
        },
        inputs={name: tuple(_wire(a) for a in artifacts) for name, artifacts in step.inputs.items()},
        lists=step.lists,
        outputs={name: reference_to(type(a)) for name, a in step.outputs.items()},
        conditions=tuple(condition_to_json(c) for c in step.conditions),
        at_exit=step.at_exit,
        options=step.options,
        not_cached=step.not_cached,
    )


def _wire(artifact: Artifact) -> Wire:
    producer = artifact.producer
    assert producer is not None, "upstream() lets no artifact without a producer into a pipeline"
    return Wire(producer.id, next(n for n, a in producer.outputs.items() if a is artifact))


def _wires_in(condition: Mapping[str, Any]) -> Iterator[Wire]:
    for operand in condition["operands"]:
        if isinstance(operand, Mapping) and "operator" in operand:
            yield from _wires_in(operand)
        elif isinstance(operand, Mapping):
            yield Wire(operand["step"], operand["output"])
