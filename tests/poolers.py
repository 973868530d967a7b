"""PgBouncer in transaction mode, as Debian has it, between a test and its database."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


@contextmanager
def pgbouncer(server: str) -> Iterator[str]:
    """Run a pooler that lends two servers, one for each transaction; give the URL through it."""
    url = make_url(server)
    with TemporaryDirectory() as name:
        folder = Path(name)
        port = url.query.get("port", url.port or 5432)
        (folder / "users").write_text(f'"{url.username}" ""\n')
        (folder / "ini").write_text(
            f"""[databases]
            {url.database} = host={url.query.get("host", url.host)} port={port}
            [pgbouncer]
            pool_mode = transaction
            default_pool_size = 2
            unix_socket_dir = {folder}
            listen_port = 6432
            auth_type = trust
            auth_file = {folder}/users
            """.replace("            ", "")
        )
        account = None
        if os.geteuid() == 0:  # it does not run as root, and has to reach its files
            account = "postgres"
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, account)
        with subprocess.Popen(  # noqa: S603 - the pooler under test
            [str(PGBOUNCER), "-q", str(folder / "ini")], user=account, stderr=subprocess.DEVNULL
        ) as process:
            try:
                while process.poll() is None and not (folder / ".s.PGSQL.6432").exists():
                    time.sleep(0.01)
                yield f"postgresql://{url.username}@/{url.database}?host={folder}&port=6432"
            finally:
                process.terminate()
