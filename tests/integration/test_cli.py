"""The `blog` command as people run it: real processes, real signals, real kills."""

import json
import os
import re
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Any

import anyio
import httpx
import pytest

from blog_adapters.container import Container, close, prepare
from blog_adapters.settings import Settings
from blog_adapters.testing.databases import ThrowAwayDatabases
from processes import PATIENCE, Served, eventually, is_alive, run, run_blog, serving, started

ROOT = Path(__file__).parents[2]
ACCOUNT: dict[str, Any] = {
    "username": "ada",
    "email": "ada@example.com",
    "password": "correct horse",
}
FORM = {"username": ACCOUNT["email"], "password": ACCOUNT["password"]}
PROBE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
SECRET = "a secret key that nobody else has, of 32 bytes"


def log_in(served: Served) -> httpx.Client:
    """Return a client that is logged in to a new account."""
    client = httpx.Client(base_url=served.url, timeout=PATIENCE)
    client.post("/api/users", json=ACCOUNT).raise_for_status()
    token = client.post("/api/users/token", data=FORM).raise_for_status().json()
    client.headers["Authorization"] = f"Bearer {token['access_token']}"
    return client


def postgres_pid(folder: Path) -> int:
    return int((folder / "var/postgres/postmaster.pid").read_text().split()[0])


def listens(url: str) -> bool:
    try:
        httpx.get(f"{url}/livez", timeout=PATIENCE)
    except httpx.TransportError:
        return False
    return True


def read_to_the_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(4096), b""))


def test_with_nothing_set_the_blog_answers_and_is_ready(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        posts, ready = served.get("/api/posts"), served.get("/readyz")

    assert (posts.status_code, posts.json()["posts"]) == (200, [])
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok"})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_ends_with_status_0_and_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path) as served:
        postgres = postgres_pid(tmp_path)

        assert served.end(number) == 0
        assert not is_alive(postgres)


def test_ctrl_c_ends_with_status_0(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert served.end(signal.SIGINT) == 0


def test_requests_in_hand_at_sigterm_are_answered(tmp_path: Path) -> None:
    count = 8
    with serving(tmp_path) as served:
        log_in(served).close()
        together = Barrier(count)

        def again(_: int) -> int:
            with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
                client.get("/livez")  # connected, before all ask at once
                together.wait(PATIENCE)
                return client.post("/api/users/token", data=FORM).status_code

        with ThreadPoolExecutor(count) as clients:
            answers = [clients.submit(again, number) for number in range(count)]
            next(as_completed(answers))  # hashing takes long: the others wait for their turn
            status = served.end()

        assert (status, {answer.result() for answer in answers}) == (0, {200})


def test_what_was_sent_before_sigterm_is_answered(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as served,
        socket.create_connection(served.address, PATIENCE) as known,
    ):
        known.sendall(PROBE)
        assert b" 200 " in known.recv(4096)

        served.process.send_signal(signal.SIGSTOP)  # meanwhile it can read nothing
        known.sendall(PROBE)
        with socket.create_connection(served.address, PATIENCE) as new:
            new.sendall(PROBE)
            time.sleep(0.2)
            served.process.send_signal(signal.SIGTERM)
            served.process.send_signal(signal.SIGCONT)
            answers = [read_to_the_end(known), read_to_the_end(new)]

    assert [b" 200 " in answer for answer in answers] == [True, True]


def test_whoever_is_answered_after_sigterm_is_asked_to_let_go(tmp_path: Path) -> None:
    told: set[str | None] = set()
    with serving(tmp_path) as served, closing(HTTPConnection(*served.address)) as connection:
        connection.connect()
        served.process.send_signal(signal.SIGTERM)
        while "close" not in told:  # else it ends where nobody listens any more
            connection.request("GET", "/livez")
            answer = connection.getresponse()
            answer.read()
            told.add(answer.getheader("Connection"))

    assert "close" in told


def test_the_data_survives_a_kill_of_everything(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        with closing(log_in(served)) as client:
            client.post("/api/posts", json={"title": "Kept", "content": "x"}).raise_for_status()
        postgres = postgres_pid(tmp_path)
        served.end(signal.SIGKILL)
        os.kill(postgres, signal.SIGKILL)

    with serving(tmp_path) as served:
        page = served.get("/api/posts").json()

    assert [post["title"] for post in page["posts"]] == ["Kept"]


def test_the_embedded_database_comes_back_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as served, closing(log_in(served)) as client:
        client.post("/api/posts", json={"title": "Kept", "content": "x"}).raise_for_status()
        killed = postgres_pid(tmp_path)
        os.kill(killed, signal.SIGKILL)

        assert eventually(lambda: not is_alive(killed))
        assert eventually(lambda: served.get("/api/posts").status_code == 200)
        assert served.get("/api/posts").json()["total"] == 1
        assert postgres_pid(tmp_path) != killed


def test_a_token_survives_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        client = log_in(served)
        served.end()
    with serving(tmp_path) as served, closing(client):
        answer = client.get(f"{served.url}/api/users/me")

    assert answer.status_code == 200


def test_a_picture_is_served(tmp_path: Path) -> None:
    picture = ROOT / "src/blog_api/pages/static/profile_pics/default.jpg"
    with serving(tmp_path) as served, closing(log_in(served)) as client:
        me = client.get("/api/users/me").json()
        answer = client.patch(
            f"/api/users/{me['id']}/picture", files={"file": ("x", picture.read_bytes())}
        )
        shown = served.get(answer.json()["image_path"])

    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
    assert "immutable" in shown.headers["cache-control"]


def test_several_workers_serve_one_blog(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as served:
        with closing(log_in(served)) as client:
            answers = [client.get("/api/users/me").status_code for _ in range(20)]
        postgres = postgres_pid(tmp_path)
        status = served.end()

    assert set(answers) == {200}
    assert status == 0
    assert eventually(lambda: not is_alive(postgres))


def test_a_worker_process_links_to_the_port_that_was_chosen(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as served:
        log_in(served).close()
        httpx.post(
            f"{served.url}/api/users/forgot-password", json={"email": ACCOUNT["email"]}
        ).raise_for_status()
        mails = tmp_path / "var/mail"
        arrived = eventually(lambda: any(mails.glob("*.eml")))

        assert arrived
        (mail,) = mails.glob("*.eml")
        assert f"http://localhost:{served.address[1]}/reset-password" in mail.read_text()


def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as served:
        served.end(signal.SIGKILL)

        assert eventually(lambda: not listens(served.url))
        assert eventually(lambda: not (tmp_path / "var/postgres/postmaster.pid").exists())


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"S3_BUCKET_NAME": "b", "S3_REGION": "no region"}, "blog: S3_REGION, S3_ENDPOINT_URL: "),
        ({"S3_BUCKET_NAME": "b", "S3_ENDPOINT_URL": "http://"}, "blog: S3_ENDPOINT_URL: "),
        ({"DATABASE_URL": "postgresql://u:p@a..b/d", "SECRET_KEY": SECRET}, "blog: DATABASE_URL: "),
    ],
)
def test_a_part_that_cannot_be_built_is_one_line_for_any_number_of_workers(
    tmp_path: Path, workers: str, settings: dict[str, str], said: str
) -> None:
    done = run_blog(tmp_path, "serve", "--workers", workers, "--port", "0", **settings)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in done.stderr


def test_a_secret_key_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/secret_key").touch()

    done = run_blog(tmp_path, "serve", "--port", "0")

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("blog: DATA_DIR: ")


def test_a_port_in_use_ends_with_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run_blog(tmp_path, "serve", "--port", str(taken.getsockname()[1]))

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("blog: HOST, PORT: cannot listen on 127.0.0.1:")
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"PORT": "no"}, "blog: PORT: "),
        ({"DATABASE_URL": "postgresql://u:hidden@h/d"}, "blog: SECRET_KEY is required"),
        ({"DATABASE_URL": "mysql://u:hidden@h/d"}, "blog: DATABASE_URL: must begin with"),
        ({"ALGORITHM": "HS512", "SECRET_KEY": SECRET}, "blog: SECRET_KEY: must have at least 64"),
        ({"SECRET_KEY": "hidden"}, "blog: SECRET_KEY: must have at least 32 bytes"),
        (
            {"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/d", "SECRET_KEY": SECRET},
            "blog: DATABASE_URL: the database does not answer",
        ),
    ],
)
def test_what_stops_the_start_is_one_line_without_secrets(
    tmp_path: Path, settings: dict[str, str], said: str
) -> None:
    done = run_blog(tmp_path, "serve", **settings)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(said)
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr + done.stdout


@pytest.mark.parametrize("command", ["serve", "migrate", "demo", "worker"])
def test_a_database_url_nobody_understands_is_one_line(tmp_path: Path, command: str) -> None:
    url = "postgresql://u:hidden@host:abc/d"
    done = run_blog(tmp_path, command, DATABASE_URL=url, SECRET_KEY=SECRET)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("blog: DATABASE_URL: ")
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr + done.stdout


@pytest.mark.anyio
async def test_a_database_without_the_schema_is_refused_until_it_is_migrated(
    tmp_path: Path, blog_databases: ThrowAwayDatabases
) -> None:
    async with blog_databases.empty() as url:
        settings = {"DATABASE_URL": url, "SECRET_KEY": SECRET}
        refused = await anyio.to_thread.run_sync(lambda: run_blog(tmp_path, "serve", **settings))
        migrated = await anyio.to_thread.run_sync(lambda: run_blog(tmp_path, "migrate", **settings))

        def answers() -> int:
            with serving(tmp_path, **settings) as served:
                return served.get("/api/posts").status_code

        assert (refused.returncode, refused.stderr.splitlines()[-1]) == (
            1,
            "blog: The database has no schema yet: run `blog migrate`",
        )
        assert migrated.returncode == 0
        assert await anyio.to_thread.run_sync(answers) == 200


def test_the_demo_fills_a_blog_once(tmp_path: Path) -> None:
    first, second = run_blog(tmp_path, "demo"), run_blog(tmp_path, "demo")
    with serving(tmp_path) as served:
        page = served.get("/api/posts?limit=100").json()

    assert "44 posts added." in first.stdout
    assert "0 posts added." in second.stdout
    assert page["total"] == 44
    assert len({post["author"]["image_path"] for post in page["posts"]}) == 6


def test_a_worker_alone_sends_the_mail(tmp_path: Path) -> None:
    async def ask() -> None:
        container = Container(settings=Settings(data_dir=tmp_path / "var"))
        try:
            await prepare(container)
            await container.users().register(**ACCOUNT)
            await container.access().forgot_password(email=ACCOUNT["email"])
        finally:
            await close(container)

    anyio.run(ask)
    mails = tmp_path / "var/mail"
    with started(tmp_path, "worker") as process:
        arrived = eventually(lambda: mails.exists() and len(list(mails.glob("*.eml"))) == 1)
        process.send_signal(signal.SIGTERM)

        assert arrived
        assert process.wait(PATIENCE) == 0
    assert str(mails) in (tmp_path / "log").read_text()


def test_a_command_beside_the_server_shares_its_database(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        done = run_blog(tmp_path, "demo")
        page = served.get("/api/posts").json()

    assert (done.returncode, page["total"]) == (0, 44)


def test_config_shows_the_settings_and_masks_secrets(tmp_path: Path) -> None:
    done = run_blog(tmp_path, "config", SECRET_KEY=SECRET, PORT="8123", MAIL_FROM="me@example.com")

    assert "PORT=8123" in done.stdout.splitlines()
    assert "SECRET_KEY=**********" in done.stdout.splitlines()
    assert SECRET not in done.stdout


def test_openapi_prints_the_document(tmp_path: Path) -> None:
    done = run_blog(tmp_path, "openapi")

    assert json.loads(done.stdout)["info"]["title"] == "Blog"


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "demo", "openapi", "config"])
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    listed = run_blog(tmp_path, "--help", TERM="dumb")
    own = run_blog(tmp_path, command, "--help", TERM="dumb")

    assert re.search(rf"\b{command}\b", listed.stdout)
    assert own.returncode == 0


def test_the_log_is_json_with_a_line_for_each_request(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        answer = httpx.get(f"{served.url}/api/posts/7?token=hidden", timeout=PATIENCE)
        served.end()
        lines = [json.loads(line) for line in served.log.read_text().splitlines()]

    (line,) = (line for line in lines if line.get("route") == "/api/posts/{post_id}")
    assert (line["method"], line["status"], line["request_id"]) == (
        "GET",
        404,
        answer.headers["x-request-id"],
    )
    assert "hidden" not in served.log.read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "blog_api"], "blog: typer is missing: pip install 'blog-core[api]'"),
        (
            ["-c", "import blog_adapters.container"],
            (
                "ModuleNotFoundError: dependency_injector is missing: "
                "pip install 'blog-core[container]'"
            ),
        ),
    ],
)
def test_without_its_libraries_a_part_names_the_extra(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    # -S hides all packages but our own.
    command = [sys.executable, "-S", *arguments]
    done = run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT / "src")})

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == said
