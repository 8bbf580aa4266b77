"""Hand a model to those who serve it."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from millwork.components.models.loading import STAMPED_FOLDER, serving_folder
from millwork.components.serving.folder import CLAIM, COMPLETING
from millwork.core import storage
from millwork.core.artifacts import InfraBlessing, Model, ModelBlessing, PushedModel
from millwork.core.callables import reference_to, user_function
from millwork.core.component import Component, output
from millwork.core.errors import BadInput, WrongArgument
from millwork.core.signature import OutputPath

Files = dict[str, Path]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PushArgs:
    """What a `push_fn` is told."""

    model_dir: Path
    """The files of the model. They are the store's: read them, and do not change them."""
    version: str
    """The time in seconds since 1970."""
    custom_config: Mapping[str, Any] = field(default_factory=dict)


class Pusher(Component):
    """Copy a model to `<destination>/<version>/`, where a server such as TensorFlow Serving looks for it.

    What is there is a complete version or nothing. On a file system a hidden folder is filled and renamed; in
    an object store, which cannot do that, the file that completes the model (`saved_model.pb`) comes last. No
    version is ever overwritten, and a new one has the highest number, so that it is the one served.

    A model that was not blessed is not pushed. The step completes, with `pushed` = 0 and, in place of a copy
    of the pushed model, a file `NOT_PUSHED` that says why.

        Pusher(model=trainer.model, model_blessing=evaluator.blessing, destination="serving/taxi")

    Where a model goes that is neither a folder nor an object store, a function of yours takes it, which gets PushArgs
    and returns where the model is now:

        Pusher(id="register", model=trainer.model, push_fn=my_model.push, custom_config={"name": "taxi"})
    """

    base_type = "mlmd.Deploy"

    model: Model
    model_blessing: ModelBlessing | None = None
    """Push only if the model is good enough."""
    infra_blessing: InfraBlessing | None = None
    """Push only if a server could load the model. If there is a copy of it with a warm-up file, that is pushed."""
    destination: OutputPath | None = None
    """A folder, or a URI such as s3://bucket/models/taxi."""
    push_fn: Callable[..., str] | str | None = None
    """Takes `PushArgs`, brings the model elsewhere, and says where; instead of `destination`."""
    custom_config: Mapping[str, Any] | None = None
    """Anything that `push_fn` should know."""
    versioning: Literal["auto", "timestamp", "number"] = "auto"
    """The version is the time in seconds since 1970 ("auto", too), or one more than the highest there."""
    force: str = ""
    """Push the model although it is not blessed: who wants that, and why. The lineage keeps it."""
    pushed_model: PushedModel = output()

    def check(self) -> None:
        if (self.destination is None) == (self.push_fn is None):
            both = "not both" if self.push_fn is not None else "one of them"
            raise WrongArgument(f"Pusher: pass destination=... or push_fn=..., {both}")
        if self.push_fn is not None and self.versioning == "number":
            raise WrongArgument(
                "Pusher: versioning='number' counts what is at the destination, which only the push_fn knows. Leave it "
                "out"
            )
        if self.push_fn is None and self.custom_config:
            raise WrongArgument("Pusher: custom_config is for a push_fn, and there is none")
        if callable(self.push_fn):
            reference_to(self.push_fn)

    def run(self) -> None:
        reason = self._objection()
        if reason and self.force:
            log.warning("The model is pushed although %s, because: %s", reason, self.force)
            self.pushed_model.reason = f"forced ({self.force}) although {reason}"
            self.pushed_model.forced = 1
        elif reason:
            log.warning("The model is not pushed to %s: %s", self.destination, reason)
            (self.pushed_model.path / "NOT_PUSHED").write_text(reason + "\n", "utf-8")
            self.pushed_model.pushed = 0
            self.pushed_model.reason = reason
            return
        files = _files(self._model_folder())
        _copy(files, self.pushed_model.path)
        place, version = self._push_by_function() if self.push_fn else self._push(files)
        self.pushed_model.pushed = 1
        self.pushed_model.pushed_destination = place
        self.pushed_model.pushed_version = version
        log.info("Pushed the model to %s", self.pushed_model.pushed_destination)

    def _model_folder(self) -> Path:
        """The model; if the trial with a server has written a warm-up file into a copy of it, that copy."""
        if self.infra_blessing is not None and self.infra_blessing.has_model:
            return self.infra_blessing.path / STAMPED_FOLDER
        return serving_folder(self.model)

    def _objection(self) -> str:
        """Why the model must not be pushed, if so."""
        if self.model_blessing is not None and self.model_blessing.blessed != 1:
            why = f": {self.model_blessing.reason}" if self.model_blessing.reason else ""
            return f"the evaluation did not bless it{why} ({self.model_blessing.uri})"
        if self.infra_blessing is not None and self.infra_blessing.blessed != 1:
            why = f": {self.infra_blessing.reason}" if self.infra_blessing.reason else ""
            return f"the trial with a server did not bless it{why} ({self.infra_blessing.uri})"
        if self.model_blessing is None and self.infra_blessing is None:
            log.info("The model is pushed without a blessing: neither an evaluation nor a trial is connected")
        return ""

    def _push_by_function(self) -> tuple[str, str]:
        """Let the user's function do it."""
        version = str(int(time.time()))
        push = user_function("push_fn", self.push_fn, None)
        place = push(PushArgs(self.pushed_model.path, version, self.custom_config or {}))
        if not isinstance(place, str) or not place:
            raise BadInput(
                f"push_fn returned {place!r}. Let it return where the model is now, such as 'registry://taxi/7'"
            )
        return place, version

    def _push(self, files: Files) -> tuple[str, str]:
        """Write the version, and say where and which."""
        place = str(self.destination)
        expected = Exception if storage.is_remote(place) else OSError  # every store has errors of its own
        try:
            if storage.is_remote(place):
                version = self._push_to_store(files, place)
            else:
                version = self._push_to_folder(files, storage.local_path(place))
        except expected as e:
            raise BadInput(
                f"The model cannot be pushed to {place!r}: {type(e).__name__}: {e}. Give a destination that "
                "the machine of this step can write to"
            ) from e
        return storage.join(place, version), version

    def _push_to_folder(self, files: Files, folder: Path) -> str:
        """Fill a hidden folder on the same file system, and rename it."""
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f".staging-{uuid.uuid4().hex}"
        try:
            _copy(files, staged)
            while True:
                version = self._free_version(path.name for path in folder.iterdir())
                try:
                    os.rename(staged, folder / version)
                except OSError as e:
                    if e.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                        raise
                else:  # if not, somebody else was faster
                    return version
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def _push_to_store(self, files: Files, uri: str) -> str:
        """Claim a version, for nothing can be renamed there, and write the file that completes it last."""
        store, root = storage.filesystem(uri)
        version = self._claim(store, root)
        folder = f"{root}/{version}"
        *others, last = files.items()
        try:
            if others:
                store.put([str(path) for _, path in others], [f"{folder}/{name}" for name, _ in others])
            store.put_file(str(last[1]), f"{folder}/{last[0]}")
        except BaseException:
            if store.exists(folder):
                store.rm(folder, recursive=True)
            raise
        finally:
            store.rm_file(f"{root}/{CLAIM}{version}")
        return version

    def _claim(self, store: Any, root: str) -> str:
        """A version that nobody has written, or is writing."""
        while True:
            store.invalidate_cache()
            there = store.ls(root, detail=False) if store.exists(root) else []
            version = self._free_version(
                path.rstrip("/").rsplit("/", 1)[-1].removeprefix(CLAIM) for path in there
            )
            claim = f"{root}/{CLAIM}{version}"
            try:
                store.pipe_file(claim, b"", mode="create")
            except FileExistsError:
                continue
            store.invalidate_cache()
            if not store.exists(f"{root}/{version}"):  # somebody may have finished it since we looked
                return version
            store.rm_file(claim)

    def _free_version(self, names: Iterable[str]) -> str:
        """Higher than every version there."""
        after = 1 + max((int(name) for name in names if re.fullmatch("[0-9]+", name)), default=0)
        return str(after if self.versioning == "number" else max(after, int(time.time())))


def _files(folder: Path) -> Files:
    """The files of a model by their names in its folder, the one that completes it last."""
    files = {path.relative_to(folder).as_posix(): path for path in storage.files_below(folder)}
    if not files:
        raise BadInput(
            f"There is no model in {str(folder)!r}: the folder is empty or not there. Let run_fn save the "
            "model to fn_args.serving_model_dir"
        )
    names = sorted(
        files, key=lambda name: (bool(COMPLETING.fullmatch(Path(name).name)), -name.count("/"), name)
    )
    return {name: files[name] for name in names}


def _copy(files: Files, folder: Path) -> None:
    """Copy contents, not modes: the folder's readers are others than the store's."""
    for name, path in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
