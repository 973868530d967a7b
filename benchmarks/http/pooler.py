"""PgBouncer in transaction mode, before the server: Debian's, as it comes."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from sqlalchemy import make_url

from benchmarks.http.database import Server

_PATIENCE = 5.0


@contextmanager
def pooled(server: Server) -> Iterator[Server | None]:
    """Lend the way through a pooler that keeps 16 connections; None where there is no PgBouncer."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    url = make_url(server.url)
    with TemporaryDirectory(prefix="blog-bench-") as name:
        folder = Path(name)
        (folder / "users").write_text(f'"{url.username}" ""\n')
        (folder / "ini").write_text(
            f"""[databases]
{url.database} = host={url.query["host"]} port={url.query["port"]}
[pgbouncer]
pool_mode = transaction
default_pool_size = 16
unix_socket_dir = {folder}
listen_port = {url.query["port"]}
auth_type = trust
auth_file = {folder}/users
"""
        )
        account = server.process.uids().real
        if account != os.getuid():  # root's: it runs as PostgreSQL does, and reaches its files
            for path in (folder, *folder.iterdir()):
                os.chown(path, account, -1)
        with subprocess.Popen(  # noqa: S603 - found on PATH
            [program, "-q", str(folder / "ini")], user=account, stderr=subprocess.DEVNULL
        ) as process:
            try:
                socket = folder / f".s.PGSQL.{url.query['port']}"
                deadline = time.monotonic() + _PATIENCE
                while not socket.exists() and time.monotonic() < deadline:
                    time.sleep(0.01)
                yield Server(
                    url=f"postgresql://{url.username}@/{url.database}"
                    f"?host={folder}&port={url.query['port']}",
                    process=psutil.Process(process.pid),
                )
            finally:
                process.terminate()
