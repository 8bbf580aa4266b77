"""Opening the metadata store of a root, and finding in it what the user named."""

from __future__ import annotations

import re

from millwork.core.errors import NotFound, WrongArgument
from millwork.core.records import ExecutionRecord, RunRecord
from millwork.core.recovery import recover
from millwork.core.storage import is_remote, join, local_path
from millwork.core.store import MetadataStore
from millwork.core.store_connection import sqlite_file
from millwork.runners.local import open_store


def existing_store(root: str, store: str) -> MetadataStore:
    """The store, in which dead runs no longer count as running. Unlike a run, this does not create one."""
    if not store_exists(root, store):
        raise NotFound(
            f"There is no metadata store {store or join(root, 'metadata.sqlite')}: nothing has been run with this "
            "root. Run a pipeline first, or name another place with --root or --store"
        )
    opened = open_store(root, store)
    recover(opened, absolute_root(root))
    return opened


def store_exists(root: str, store: str) -> bool:
    """False if the store would be created by opening it. A server is taken to exist."""
    if not store and is_remote(root):
        return True  # open_store says what is missing
    file = sqlite_file(store or join(root, "metadata.sqlite"))
    return file is None or file.exists()


def absolute_root(root: str) -> str:
    """The root as runs know it."""
    return root if is_remote(root) else str(local_path(root).absolute())


def find_run(store: MetadataStore, name: str) -> RunRecord:
    """The run that the user means: the beginning of its id, `latest`, or `latest~2` for two before it."""
    if latest := re.fullmatch(r"latest(?:~(\d+))?", name):
        back = int(latest[1] or 0)
        newest = store.runs(limit=back + 1)
        if len(newest) <= back:
            raise NotFound(f"There is no run {name}: the store {store.uri} has {len(newest)} runs")
        return newest[back]
    return _exactly(store, name) or _beginning_with(store, name)


def _exactly(store: MetadataStore, name: str) -> RunRecord | None:
    try:
        return store.run(name)
    except NotFound:
        return None


def _beginning_with(store: MetadataStore, name: str) -> RunRecord:
    found = store.runs(limit=6, prefix=name) if name else []
    if not found:
        raise NotFound(f"There is no run {name!r} in the store {store.uri}. See: millwork runs list")
    if len(found) > 1:
        more = ", …" if len(found) > 5 else ""
        several = ", ".join(run.id for run in found[:5])
        raise WrongArgument(f"Several runs begin with {name!r}: {several}{more}. Give more of the id")
    return found[0]


def last_executions(store: MetadataStore, run: str) -> dict[str, ExecutionRecord]:
    """What happened to each step of a run, in the order in which they began."""
    return {execution.node: execution for execution in store.executions_of_run(run)}
