"""Real database servers, each on a free port of this machine and stopped after the test."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

Until = Callable[..., None]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binary(*names: str) -> str:
    """A server's program, which Debian does not put on everybody's path."""
    places = [
        *os.environ["PATH"].split(os.pathsep),
        "/usr/sbin",
        *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True),
    ]
    for name in names:
        if found := shutil.which(name, path=os.pathsep.join(places)):
            return found
    pytest.skip(f"there is no {' or '.join(names)} here: apt-get install mariadb-server postgresql")


def as_user(name: str, *command: str | Path) -> list[str]:
    """The servers refuse to run as root."""
    return (
        ["setpriv", "--reuid", name, "--regid", name, "--init-groups", *map(str, command)]
        if os.geteuid() == 0
        else [str(c) for c in command]
    )


@contextmanager
def serving(
    command: Sequence[str], port: int, log: Path, until: Until, goodbye: signal.Signals
) -> Iterator[None]:
    def answers() -> bool:
        assert daemon.poll() is None, log.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with open(log, "w") as out, subprocess.Popen(command, stdout=out, stderr=out) as daemon:
        try:
            until(answers, 60, "the server's answer")
            yield
        finally:
            daemon.send_signal(goodbye)
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                daemon.kill()


@pytest.fixture
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that the server's own user can reach and write."""
    with tempfile.TemporaryDirectory(prefix="millwork-server-", dir="/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture
def mariadb(server_folder: Path, until: Until) -> Iterator[str]:
    program, install = binary("mariadbd", "mysqld"), binary("mariadb-install-db", "mysql_install_db")
    data, port = server_folder / "data", free_port()
    subprocess.run(
        as_user(
            "mysql", install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"
        ),
        check=True,
        capture_output=True,
    )
    command = as_user(
        "mysql",
        program,
        "--no-defaults",
        f"--datadir={data}",
        f"--socket={server_folder}/s",
        f"--pid-file={server_folder}/pid",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
    )
    with serving(command, port, server_folder / "log.txt", until, signal.SIGTERM):
        user = "'mill'@'127.0.0.1'"
        sql = f"CREATE USER {user} IDENTIFIED BY 'p@ss:w/rd'; GRANT ALL ON *.* TO {user};"
        subprocess.run(
            [binary("mariadb", "mysql"), f"--socket={server_folder}/s", "-u", "root", "-e", sql],
            check=True,
            capture_output=True,
        )
        yield f"mysql://mill:p%40ss%3Aw%2Frd@127.0.0.1:{port}/metadata"


@pytest.fixture
def postgresql(server_folder: Path, until: Until) -> Iterator[str]:
    program, install = binary("postgres"), binary("initdb")
    data, port = server_folder / "data", free_port()
    password = server_folder / "password"
    password.write_text("p@ss:w/rd")
    password.chmod(0o644)
    subprocess.run(
        as_user(
            "postgres", install, "-D", data, "-U", "mill", "-A", "md5", f"--pwfile={password}", "-E", "UTF8"
        ),
        check=True,
        capture_output=True,
    )
    command = as_user(
        "postgres", program, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", server_folder
    )
    with serving(command, port, server_folder / "log.txt", until, signal.SIGINT):
        ready = [
            binary("psql"),
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-U",
            "mill",
            "-d",
            "postgres",
            "-c",
            "SELECT 1",
        ]
        known = {**os.environ, "PGPASSWORD": "p@ss:w/rd"}
        until(
            lambda: subprocess.run(ready, env=known, capture_output=True).returncode == 0, 30, "a connection"
        )
        yield f"postgresql://mill:p%40ss%3Aw%2Frd@127.0.0.1:{port}/metadata"
