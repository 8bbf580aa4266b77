"""Removing what only one run needs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from millwork.cli.documents import DeletionDocument, DoomedArtifact
from millwork.cli.printing import file_size, print_table, say
from millwork.cli.run_report import is_deleted, step_folder
from millwork.core.errors import MillworkError
from millwork.core.records import ArtifactRecord, RunRecord, State
from millwork.core.storage import file_sizes, remove
from millwork.core.store import MetadataStore


def plan_deletion(store: MetadataStore, run: RunRecord) -> DeletionDocument:
    """What would go, and what stays and why."""
    if run.state is State.RUNNING:
        raise MillworkError(f"Run {run.id} is still running. Stop it first")
    search = _Search(store, run)
    artifacts = [search.fate_of(artifact) for artifact in search.outputs()]
    worked_in = [str(step_folder(run, execution)) for execution in store.executions_of_run(run.id)]
    folders = {folder: sum(sizes.values()) for folder in worked_in if (sizes := file_sizes(folder))}
    return {
        "schema": "millwork/deletion/v1",
        "run": run.id,
        "done": False,
        "artifacts": artifacts,
        "folders": list(folders),
        "bytes": sum(a["bytes"] for a in artifacts if not a["kept"]) + sum(folders.values()),
    }


def carry_out(store: MetadataStore, document: DeletionDocument) -> None:
    """Do it. The store says so first: nobody must find an artifact live whose files are half gone."""
    going = [artifact for artifact in document["artifacts"] if not artifact["kept"]]
    if going:
        store.mark_deleted([artifact["id"] for artifact in going])
    store.update_run(document["run"], {"__deleted__": time.time()})
    for folder in [*(artifact["folder"] for artifact in going), *document["folders"]]:
        remove(folder)
    document["done"] = True


def print_deletion(document: DeletionDocument) -> None:
    """A table of the artifacts, and what goes besides."""
    verb = "removed" if document["done"] else "to be removed"
    rows = [
        (str(a["id"]), a["type"], file_size(a["bytes"]), a["kept"] or verb, a["folder"])
        for a in document["artifacts"]
    ]
    if rows:
        print_table(("artifact", "type", "size", "files", "folder"), rows, right=("artifact", "size"))
    count = sum(not a["kept"] for a in document["artifacts"])
    say(
        f"{verb.capitalize()}: the files of {count} artifacts, the logs and working folders of "
        f"{len(document['folders'])} steps, {file_size(document['bytes'])} together"
    )


class _Search:
    """Looks for what other runs use."""

    def __init__(self, store: MetadataStore, run: RunRecord) -> None:
        self._store = store
        self._run = run
        self._deleted: dict[str, bool] = {}

    def outputs(self) -> Iterator[ArtifactRecord]:
        """What the steps of the run wrote, or took from the cache."""
        for execution in self._store.executions_of_run(self._run.id):
            for artifacts in self._store.outputs_of(execution.id).values():
                yield from (artifact for artifact in artifacts if artifact.state != "deleted")

    def fate_of(self, artifact: ArtifactRecord) -> DoomedArtifact:
        """What happens to an artifact if the run is deleted."""
        folder = self._folder_of(artifact)
        return {
            "id": artifact.id,
            "type": artifact.type_name,
            "folder": folder or artifact.uri,
            "bytes": sum(file_sizes(folder or artifact.uri).values()),
            "kept": self._used_elsewhere(artifact) if folder else "kept: not made by a run",
        }

    def _folder_of(self, artifact: ArtifactRecord) -> str:
        """The folder that was made for this artifact alone: named like its execution, in the root of its run."""
        producer = self._store.producer_of(artifact.id)
        if producer is None or artifact.properties.get("is_external"):
            return ""
        root = str(self._store.run(producer.run).properties.get("__root__", ""))
        for folder in (artifact.uri, artifact.uri.rpartition("/")[0]):
            if root and folder.startswith(f"{root}/") and folder.endswith(f"/{producer.id}"):
                return folder
        return ""

    def _used_elsewhere(self, artifact: ArtifactRecord) -> str:
        others = {e.run for e in self._store.users_of(artifact.id)} - {self._run.id}
        living = sorted(run for run in others if not self._is_deleted(run))
        return f"kept: run {living[-1]} uses it" if living else ""

    def _is_deleted(self, run: str) -> bool:
        if run not in self._deleted:
            self._deleted[run] = is_deleted(self._store.run(run))
        return self._deleted[run]
