"""What decides a step's outputs, as named parts: equal parts, equal outputs.

Place, time, run and pipeline are not among them, so equal work is found again wherever it was done.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from millwork.core.graph import Artifact, Step
from millwork.core.plan import PlannedStep
from millwork.core.records import to_stored
from millwork.core.signature import PathRole
from millwork.core.source import Sources, sources_of_file, sources_of_module, version_of
from millwork.core.storage import file_digest
from millwork.core.values import JSON, canonical, decode, references_in

Parts = dict[str, str]

_MANY_FILES = 100


class Fingerprinter:
    """Takes fingerprints of steps. Reads each source file once, so make a new one for each run."""

    def __init__(self) -> None:
        self._modules: dict[str, Sources] = {}
        self._users: dict[str, dict[str, Path]] = {}

    def parts(
        self, planned: PlannedStep, inputs: Mapping[str, Sequence[Artifact]], step: Step | None = None
    ) -> Parts:
        """Everything that decides what `planned` writes for these inputs. `step` is its loaded form, if known."""
        step = step or planned.load(inputs, dict.fromkeys(planned.outputs, ""))
        parts = {"component": planned.reference, **self._code(planned), **_parameters(planned)}
        for name, artifacts in sorted(inputs.items()):
            for i, artifact in enumerate(artifacts):
                parts[f"input:{name}" + (f"[{i}]" if name in planned.lists else "")] = input_digest(artifact)
            if not artifacts:
                parts[f"input:{name}"] = "[]"
        if planned.options.environment:
            parts["environment"] = _digest_of(dict(planned.options.environment))
        parts |= {f"state:{name}": value for name, value in step.external_state().items()}
        return {**parts, **_external(step)}

    def packages(self, planned: PlannedStep) -> set[str]:
        """The installed packages that a step imports: what a runner loads ahead."""
        found = set(planned.libraries)
        for module, sources in self._sources(planned):
            if not module.startswith("millwork."):  # our own parts name their libraries
                found |= sources.installed - {"millwork"}
        return found

    def files(self, planned: PlannedStep) -> dict[str, Path]:
        """The user's source files that a step consists of, by their digests."""
        found: dict[str, Path] = {}
        for module, sources in self._sources(planned):
            if module not in self._users:
                self._users[module] = sources.users
            found |= self._users[module]
        return found

    def _code(self, planned: PlannedStep) -> Parts:
        parts: Parts = {"version:python": f"{sys.version_info.major}.{sys.version_info.minor}"}
        for _, sources in self._sources(planned):
            parts |= {f"code:{name}": digest for name, digest in sources.files.items()}
        for package in sorted(self.packages(planned)):
            parts[f"version:{package}"] = version_of(package.partition(".")[0])
        return parts

    def _sources(self, planned: PlannedStep) -> list[tuple[str, Sources]]:
        modules = {planned.reference.partition(":")[0]}
        modules |= {r.partition(":")[0] for r in references_in(dict(planned.parameters))}
        modules |= _modules_of_named_functions(planned)
        found = [(m, self._of_module(m)) for m in sorted(modules)]
        for name, role in _roles(planned).items():
            value = decode(planned.parameters[name])
            if role is PathRole.CODE and value is not None:
                found.append((str(value), sources_of_file(Path(value))))
        return found

    def _of_module(self, name: str) -> Sources:
        if name not in self._modules:
            self._modules[name] = sources_of_module(name)
        return self._modules[name]


def _digest_of(value: dict[str, str]) -> str:
    return hashlib.sha256(canonical(dict(value)).encode()).hexdigest()


def fingerprint(parts: Parts) -> str:
    """The parts in one name."""
    return _digest_of(parts)


def input_digest(artifact: Artifact) -> str:
    """Type, content and properties of an input; not where it is."""
    properties = {n: to_stored(v) for n, v in artifact.properties.items()}
    return hashlib.sha256(
        canonical([type(artifact).type_name, artifact.digest, dict(properties)]).encode()
    ).hexdigest()


def differences(before: Parts, now: Parts) -> list[str]:
    """What changed, for people: `parameter num_steps changed`, `code pipeline.features is new`."""
    said = []
    for name in sorted({*before, *now}):
        if before.get(name) == now.get(name):
            continue
        kind, _, which = name.partition(":")
        verb = "is new" if name not in before else "is gone" if name not in now else "changed"
        if kind in ("parameter", "version") and verb == "changed":
            was, has = (
                as_written(json.loads(v)) if kind == "parameter" else v for v in (before[name], now[name])
            )
            verb = f"changed from {was} to {has}"
        said.append(f"{kind} {which} {verb}".replace("  ", " "))
    return sorted(said, key=lambda text: _ORDER.index(text.split()[0]) if text.split()[0] in _ORDER else 9)


def as_written(value: JSON) -> str:
    """A value as a person would write it, instead of how a plan encodes it: a function's name, `Range(last=3)`."""
    match value:
        case {"$callable": str(name)} | {"$path": str(name)}:
            return name
        case {"$float": str(number)}:
            return number
        case {"$enum": [str(kind), str(name)]}:
            return f"{kind.rpartition(':')[2]}.{name}"
        case {"$set": [*items]} | {"$frozenset": [*items]}:
            return f"{{{', '.join(map(as_written, items))}}}"
        case {"$tuple": [*items]}:
            return f"({', '.join(map(as_written, items))})"
        case {"$object": {"type": str(kind), "fields": dict(content)}}:
            given = [f"{name}={as_written(field)}" for name, field in content.items() if field is not None]
            return f"{kind.rpartition(':')[2]}({', '.join(given)})"
    return canonical(value)


_ORDER = ("parameter", "file", "state", "code", "input", "version", "component")


def _roles(planned: PlannedStep) -> dict[str, PathRole | None]:
    return {n: p.role for n, p in planned.signature.parameters.items() if n in planned.parameters}


def _modules_of_named_functions(planned: PlannedStep) -> set[str]:
    """Where the functions are that were given as text: `package.module.function`."""
    named = [n for n, p in planned.signature.parameters.items() if p.takes_function]
    texts = [planned.parameters[n] for n in named if isinstance(planned.parameters.get(n), str)]
    return {text.replace(":", ".").rpartition(".")[0] for text in texts} - {""}


def _parameters(planned: PlannedStep) -> Parts:
    roles = _roles(planned)
    by_content = (PathRole.READ, PathRole.CODE)
    skipped = {n for n, r in roles.items() if r in by_content}
    kept = {n: v for n, v in planned.parameters.items() if n not in skipped or v is None or "://" in str(v)}
    return {f"parameter:{n}": canonical(v) for n, v in kept.items()}


def _external(step: Step) -> Parts:
    files = {f: file_digest(f) for f in sorted(set(step.external_files()))}
    digests = {f"file:{name}": files[f] for f in files for name in _names_of(f, step)}
    if len(digests) <= _MANY_FILES:
        return digests
    return {f"file:{len(digests)} files": hashlib.sha256(canonical(dict(digests)).encode()).hexdigest()}


def _names_of(file: Path, step: Step) -> list[str]:
    """What a file is to a step: `input_base/day1/rows.csv`. Where the folder of the parameter is does not matter."""
    found = []
    for name, parameter in step.signature.parameters.items():
        place = Path(str(step.arguments[name]))
        if parameter.role is PathRole.READ and file.is_relative_to(place):
            found.append(f"{name}/{file.relative_to(place if place.is_dir() else place.parent).as_posix()}")
    return found or [file.as_posix()]
