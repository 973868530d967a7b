"""The doctor, with parts that work and parts that do not."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from dependency_injector import providers
from sqlalchemy import text

from blog_adapters.container import Container, close
from blog_adapters.diagnosis import Finding
from blog_adapters.doctor import CHECKS, examine
from blog_adapters.settings import Settings
from blog_adapters.testing.databases import ThrowAwayDatabases
from blog_adapters.testing.s3 import BUCKET, S3Server
from lines import HOST
from processes import run_blog, serving
from servers import SENDER, MailServer

pytestmark = pytest.mark.anyio

KEY = "Zk3vT0pQm8wXr5yB1nLd7sHc2gJf9aUe"
SECRETS = {
    "secret_key": KEY,
    "mail_password": "mail-hunter2",
    "s3_secret_access_key": "s3-hunter2",
}


PUBLIC = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/profile_pics/*",
        }
    ],
}
ADD_ENTRY = text(
    "INSERT INTO outbox (id, kind, payload, created_at, due_at, attempts, dead) VALUES"
    " (gen_random_uuid(), 'x', '{}', now(), now() - make_interval(secs => :seconds), 0, :dead)"
)


@pytest.fixture
async def settings(
    blog_databases: ThrowAwayDatabases,
    blog_s3: S3Server,
    mail_server: MailServer,
    tmp_path: Path,
) -> AsyncIterator[dict[str, Any]]:
    """Settings of parts that all work."""
    async with blog_databases.migrated() as url:
        with blog_s3.bucket():
            blog_s3._client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(PUBLIC))
            yield {
                "database_url": url,
                "secret_key": KEY,
                "data_dir": tmp_path,
                "s3_bucket_name": BUCKET,
                "s3_endpoint_url": blog_s3.url,
                "s3_public_url": f"{blog_s3.url}/{BUCKET}",
                "s3_access_key_id": "app",
                "s3_secret_access_key": SECRETS["s3_secret_access_key"],
                "mail_server": HOST,
                "mail_port": mail_server.port,
                "mail_from": SENDER,
                "mail_use_tls": False,
            }


@pytest.fixture
def silence() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server((HOST, 0)) as silent:
        yield silent.getsockname()[1]


async def found_by(settings: dict[str, Any], **replaced: object) -> dict[str, Finding]:
    container = Container(settings=Settings.model_validate(settings))
    for part, value in replaced.items():
        container.providers[part].override(providers.Object(value))
    try:
        return {finding.name: finding for finding in await examine(container)}
    finally:
        await close(container)


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: found[name].state for name in CHECKS if name != "python"}


async def test_parts_that_work_are_well_and_nothing_is_left_behind(
    settings: dict[str, Any], blog_s3: S3Server, mail_server: MailServer
) -> None:
    found = await found_by(settings)

    assert set(states(found).values()) == {"ok"}, found
    assert blog_s3.stored() == []
    assert mail_server.messages == []
    assert list(settings["data_dir"].iterdir()) == []


async def test_a_database_without_a_schema_has_to_be_migrated(
    settings: dict[str, Any], blog_databases: ThrowAwayDatabases
) -> None:
    async with blog_databases.empty() as url:
        found = await found_by(settings | {"database_url": url})

    assert found["database"].state == "ok"
    assert found["migrations"].state == "failed"
    assert "blog migrate" in found["migrations"].said


@pytest.mark.parametrize(("behind", "state"), [(10, "warning"), (40, "failed")])
async def test_a_clock_that_is_behind(settings: dict[str, Any], behind: int, state: str) -> None:
    container = Container(settings=Settings.model_validate(settings))
    now = container.clock()
    await close(container)

    found = await found_by(settings, clock=lambda: now() - timedelta(seconds=behind))

    assert found["clock"].state == state


@pytest.mark.parametrize(
    ("late", "dead", "state"),
    [(10, True, "warning"), (120, False, "warning"), (3600, False, "failed")],
)
async def test_an_outbox_that_nobody_empties(
    settings: dict[str, Any], late: int, dead: bool, state: str
) -> None:
    container = Container(settings=Settings.model_validate(settings))
    async with container.database().writing() as transaction:
        await transaction.execute(ADD_ENTRY, {"seconds": late, "dead": dead})
        await transaction.commit()
    await close(container)

    assert (await found_by(settings))["outbox"].state == state


async def test_a_bucket_that_is_missing(settings: dict[str, Any]) -> None:
    found = await found_by(settings | {"s3_bucket_name": "no-such-bucket"})

    assert found["storage"].state == "failed"
    assert "NoSuchBucket" in found["storage"].said


async def test_pictures_that_nobody_can_see_are_a_warning_and_do_not_stay(
    settings: dict[str, Any], blog_s3: S3Server
) -> None:
    found = await found_by(settings | {"s3_public_url": f"{blog_s3.url}/another-bucket"})

    assert (found["storage"].state, found["public url"].state) == ("ok", "warning")
    assert blog_s3.stored() == []


async def test_a_mail_server_that_offers_no_starttls(settings: dict[str, Any]) -> None:
    found = await found_by(settings | {"mail_use_tls": True})

    assert found["mail"].state == "failed"


async def test_a_mail_server_that_takes_no_login(settings: dict[str, Any]) -> None:
    login = {"mail_username": "app", "mail_password": SECRETS["mail_password"]}

    found = await found_by(settings | login)

    assert found["mail"].state == "failed"
    assert found["mail"].advice


async def test_a_mail_server_that_does_not_like_the_sender(
    settings: dict[str, Any], mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str:
        return "550 Not you"

    monkeypatch.setattr(MailServer, "handle_MAIL", refuse, raising=False)

    found = await found_by(settings)

    assert found["mail"].state == "failed"
    assert "Not you" in found["mail"].said
    assert mail_server.messages == []


async def test_a_server_that_repeats_a_secret_is_not_quoted(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> str:
        return f"550 I do not know {KEY}"

    monkeypatch.setattr(MailServer, "handle_MAIL", refuse, raising=False)

    found = await found_by(settings)

    assert "***" in found["mail"].said
    assert KEY not in str(found)


async def test_a_secret_with_blanks_and_breaks_is_not_quoted_either(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "two  blanks and\ta tab, long enough for a key"

    async def refuse(*_: object) -> str:
        return f"550 I do not know {secret}"

    monkeypatch.setattr(MailServer, "handle_MAIL", refuse, raising=False)

    found = await found_by(settings | {"secret_key": secret})

    assert "***" in found["mail"].said
    assert "long enough for a key" not in str(found)


async def test_parts_that_never_answer_hold_nobody_up_for_long(
    settings: dict[str, Any], silence: int
) -> None:
    began = monotonic()

    found = await found_by(
        settings
        | {
            "database_url": f"postgresql://blog:db-hunter2@{HOST}:{silence}/blog",
            "s3_endpoint_url": f"http://{HOST}:{silence}",
            "mail_port": silence,
        }
    )

    assert {name for name, state in states(found).items() if state == "ok"} == {"versions"}
    assert monotonic() - began < 60  # an end, where there was none; timings are not asserted
    assert "hunter2" not in str(found)


class TestTheCommand:
    def test_on_nothing_at_all_it_is_content_and_makes_nothing(self, tmp_path: Path) -> None:
        done = run_blog(tmp_path, "doctor")

        assert done.returncode == 0, done.stderr
        assert "none yet" in done.stdout
        assert not (tmp_path / "var").exists()

    def test_beside_a_blog_that_is_served(self, tmp_path: Path) -> None:
        with serving(tmp_path) as served:
            done = run_blog(tmp_path, "doctor", "--json")

            assert served.get("/readyz").status_code == 200
        report = json.loads(done.stdout)
        assert done.returncode == 0, done.stdout
        assert {check["name"]: check["state"] for check in report["checks"]}["migrations"] == "ok"
        assert set(report["checks"][0]) == {"name", "state", "said", "advice"}

    def test_what_failed_is_status_1_and_no_secret_is_said(
        self, tmp_path: Path, silence: int
    ) -> None:
        names = {name.upper(): value for name, value in SECRETS.items()}
        given = names | {
            "DATABASE_URL": f"postgresql://blog:db-hunter2@{HOST}:{silence}/blog",
            "MAIL_SERVER": HOST,
            "MAIL_PORT": str(silence),
            "MAIL_USERNAME": "app",
            "S3_ACCESS_KEY_ID": "key-hunter2",
        }

        said = [run_blog(tmp_path, "doctor", *how, **given) for how in ([], ["--json"])]

        for done in said:
            assert done.returncode == 1, done.stderr
            assert "hunter2" not in done.stdout + done.stderr
            assert KEY not in done.stdout + done.stderr
        assert json.loads(said[1].stdout)["state"] == "failed"

    def test_settings_that_are_wrong_are_status_2(self, tmp_path: Path) -> None:
        done = run_blog(tmp_path, "doctor", PORT="many")

        assert done.returncode == 2
        assert done.stderr.startswith("blog: PORT")
