"""`millwork serve`."""

from __future__ import annotations

import json
import logging
import os
import sys
import warnings
from typing import Annotated

import typer

from millwork.analysis.models_in_store import find_model
from millwork.cli import options
from millwork.cli.documents import ServingDocument
from millwork.cli.printing import say

app = options.new_app()


@app.command("serve")
def serve_(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A model's folder or file; a Pusher's destination; the id of a Model or PushedModel; a run, or "
            "RUN:STEP, that made one; or @blessed.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str,
        typer.Option(
            "--name", help="The model's name in URLs. By default that of its folder.", show_default=False
        ),
    ] = "",
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on. 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="The port to listen on; 0 for any that is free.", min=0, max=65535)
    ] = 8501,
    version_policy: Annotated[
        str,
        typer.Option(
            "--version-policy",
            metavar="POLICY",
            help="Of several versions serve the `latest`, `all`, or a number.",
        ),
    ] = "latest",
    poll: Annotated[
        float,
        typer.Option(
            "--poll", metavar="SECONDS", min=0, help="How often to look for newer versions; 0: never."
        ),
    ] = 1.0,
    features: Annotated[
        list[str] | None,
        typer.Option(
            "--features",
            metavar="NAME,…",
            help="Columns in the model's order, for a scikit-learn model that does not know their names.",
        ),
    ] = None,
    trusted: Annotated[
        bool, typer.Option("--trusted", help="Load models in formats that can run any code, such as pickle.")
    ] = False,
    trusted_type: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-type", metavar="TYPE", help="Allow this type in a .skops file. Repeat for several."
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host", metavar="NAME", help="Also answer to this Host header. Repeat for several."
        ),
    ] = None,
    max_request_mib: Annotated[
        int, typer.Option("--max-request-mib", metavar="N", min=1, help="Refuse requests of more than this.")
    ] = 64,
    root: options.Root = ".millwork",
    store: options.Store = "",
    as_json: Annotated[bool, typer.Option("--json", help="The first line of stdout is JSON anyway.")] = False,
) -> None:
    """Serve a model over TensorFlow Serving's REST API.

    SavedModel, Keras and scikit-learn models, until SIGTERM or Ctrl-C. When the model is loaded and the server answers,
    it prints one line of JSON to stdout, with its address and process id. See docs/serving.md.
    """
    _prepare(trusted)
    # Only now: they import starlette, which no other command needs.
    from millwork.components.models.scorers import LoadOptions
    from millwork.components.serving import process
    from millwork.components.serving.folder import ModelFolder, existing
    from millwork.components.serving.servable import load_servable
    from millwork.components.serving.server import Address, serve
    from millwork.components.serving.versions import Versions

    process.end_with_parent()
    found = find_model(model, root, store)
    folder = ModelFolder(existing(found.uri), version_policy)
    load_options = LoadOptions(
        features=options.names(features) or None, trusted=trusted, trusted_types=options.names(trusted_type)
    )
    versions = Versions(name or found.name, folder, lambda path: load_servable(path, load_options), poll)
    address = Address(host, port, options.names(allow_host), max_request_mib << 20)
    versions.start()
    serve(versions, address, lambda url: _announce(versions.name, versions.find()[0], url))


def _announce(name: str, version: int, url: str) -> None:
    document: ServingDocument = {
        "schema": "millwork/serving/v1",
        "url": f"{url}/v1/models/{name}",
        "model": name,
        "version": version,
        "process": os.getpid(),
    }
    print(json.dumps(document), flush=True)
    say(f"Serving version {version} of {name} at {document['url']}. Ctrl-C stops it")


def _prepare(trusted: bool) -> None:
    logging.getLogger("millwork").setLevel(logging.INFO)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # what matters comes as an exception
    warnings.filterwarnings("ignore", module=r"google\.")  # of what TensorFlow imports, about Python's age
    if trusted and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # pickles name classes of the user's modules
