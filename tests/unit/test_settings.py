import os
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from blog_adapters.settings import Settings, SettingsError, kept_secret_key, load_settings
from blog_core.domain.limits import DEFAULT_LIMITS, Limit

KEY = "a secret key of thirty-two bytes"
URL = "postgresql://blog:hunter2@db.example/blog"

Environment = Callable[..., None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an environment that says nothing about the blog."""
    monkeypatch.chdir(tmp_path)
    ours = {*Settings.model_fields, *(f"{name}_file" for name in Settings.model_fields)}
    for name in list(os.environ):
        if name.lower() in ours:
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


def refusal() -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


class TestDefaults:
    def test_with_nothing_set_the_blog_runs_on_its_own_parts(self) -> None:
        settings = load_settings()

        assert settings.data_dir == Path("var")
        assert (settings.host, settings.port) == ("127.0.0.1", 8000)
        assert settings.database_url is None
        assert settings.secret_key is None
        assert settings.s3_bucket_name is None
        assert settings.mail_server is None

    def test_the_other_defaults_are_the_documented_ones(self) -> None:
        settings = load_settings()

        assert settings.access_lifetime == timedelta(minutes=30)
        assert settings.reset_lifetime == timedelta(minutes=60)
        assert (settings.refresh_token_expire_days, settings.session_expire_days) == (14, 90)
        assert (settings.jwt_issuer, settings.jwt_audience) == ("blog", "blog")
        assert (settings.algorithm, settings.posts_per_page) == ("HS256", 10)
        assert settings.max_upload_size_bytes == 5 * 1024 * 1024
        assert settings.response_cache_bytes == 32 * 1024 * 1024
        assert settings.response_cache_lag_ms == 100
        assert settings.frontend_url == "http://localhost:8000"
        assert settings.s3_region == "us-east-1"
        assert (settings.mail_port, settings.mail_from) == (587, "noreply@example.com")
        assert (settings.mail_use_tls, settings.mail_use_ssl) == (True, False)

    @pytest.mark.parametrize(
        ("port", "expected"), [("9000", "http://localhost:9000"), ("80", "http://localhost")]
    )
    def test_readers_are_led_to_where_the_blog_listens(
        self, environment: Environment, port: str, expected: str
    ) -> None:
        environment(PORT=port)

        assert load_settings().frontend_url == expected

    def test_settings_never_change(self) -> None:
        with pytest.raises(ValidationError):
            load_settings().port = 1


class TestTheEdge:
    def test_by_default_any_host_is_ours_and_no_origin(self) -> None:
        settings = load_settings()

        assert (settings.hosts, settings.origins, settings.docs) == (("*",), (), True)

    def test_lists_are_separated_by_commas(self, environment: Environment) -> None:
        environment(
            ALLOWED_HOSTS="Blog.example.com, *.blog.test,[::1],",
            CORS_ORIGINS="https://blog.example.com,http://[::1]:3000",
        )

        settings = load_settings()

        assert settings.hosts == ("blog.example.com", "*.blog.test", "[::1]")
        assert settings.origins == ("https://blog.example.com", "http://[::1]:3000")

    @pytest.mark.parametrize(
        "origins",
        ["*", "https://*.example.com", "null", "blog.example.com", "https://x/", "ftp://x", "//x"],
    )
    def test_an_origin_is_an_exact_one(self, environment: Environment, origins: str) -> None:
        environment(CORS_ORIGINS=f"https://blog.example.com,{origins}")

        assert refusal().startswith("CORS_ORIGINS: must be exact origins")

    @pytest.mark.parametrize(
        "hosts", [",", "a:80", "https://a", "a.*", "*a", "*.", "a b", "a/b", "**"]
    )
    def test_a_host_is_a_name(self, environment: Environment, hosts: str) -> None:
        environment(ALLOWED_HOSTS=hosts)

        assert refusal().startswith("ALLOWED_HOSTS: must be host names")

    def test_the_documentation_can_be_off(self, environment: Environment) -> None:
        environment(DOCS="off")

        assert load_settings().docs is False


class TestSources:
    @pytest.mark.parametrize("name", ["PORT", "port", "Port"])
    def test_the_environment_is_read_without_regard_to_case(
        self, environment: Environment, name: str
    ) -> None:
        environment(**{name: "9000"})

        assert load_settings().port == 9000

    def test_an_empty_value_is_no_value(self, environment: Environment) -> None:
        environment(PORT="", DATABASE_URL="")

        assert (load_settings().port, load_settings().database_url) == (8000, None)

    def test_a_file_named_env_in_the_working_directory_is_read(self, folder: Path) -> None:
        (folder / ".env").write_text("PORT=9000\n")

        assert load_settings().port == 9000

    @pytest.mark.parametrize("name", ["HOST", "DATA_DIR"])
    def test_a_nul_is_refused(self, folder: Path, name: str) -> None:
        (folder / ".env").write_text(f'{name}="a\0b"\n')

        with pytest.raises(SettingsError, match=f"^{name}: must not contain a NUL$"):
            load_settings()

    def test_a_pipe_instead_of_the_file_is_not_read(self, folder: Path) -> None:
        os.mkfifo(folder / ".env")

        assert load_settings().port == 8000

    @pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
    def test_the_key_is_as_long_as_its_algorithm_asks(
        self, environment: Environment, algorithm: str, least: int
    ) -> None:
        environment(ALGORITHM=algorithm, SECRET_KEY="k" * least)
        load_settings()
        environment(SECRET_KEY="k" * (least - 1))

        with pytest.raises(
            SettingsError, match=f"^SECRET_KEY: must have at least {least} bytes for {algorithm}$"
        ):
            load_settings()

    def test_the_log_level_is_read_without_regard_to_case(self, environment: Environment) -> None:
        environment(LOG_LEVEL="WARNING")

        assert load_settings().log_level == "warning"

    def test_a_file_that_is_no_text_is_named(self, folder: Path) -> None:
        (folder / ".env").write_bytes(b"PORT=\xff\xfe")

        with pytest.raises(SettingsError, match=r"^\.env: not UTF-8$"):
            load_settings()

    def test_the_environment_comes_before_the_file(
        self, folder: Path, environment: Environment
    ) -> None:
        (folder / ".env").write_text("PORT=9000\nHOST=0.0.0.0\n")
        environment(PORT="9001")

        assert (load_settings().port, load_settings().host) == (9001, "0.0.0.0")  # noqa: S104 - a value

    def test_what_is_given_comes_before_both(self, folder: Path, environment: Environment) -> None:
        (folder / ".env").write_text("PORT=9000\n")
        environment(PORT="9001")

        assert load_settings(port=9002).port == 9002

    def test_what_is_given_as_none_is_not_given(self, environment: Environment) -> None:
        environment(PORT="9001")

        assert load_settings(port=None).port == 9001

    def test_unknown_names_are_ignored(self, folder: Path, environment: Environment) -> None:
        (folder / ".env").write_text("SOMEBODY_ELSES=1\n")
        environment(NOBODYS="1")

        assert load_settings(surprise=1) == load_settings()

    def test_a_web_address_loses_its_last_slash(self, environment: Environment) -> None:
        environment(FRONTEND_URL="https://blog.example/")

        assert load_settings().frontend_url == "https://blog.example"

    @pytest.mark.parametrize(
        "scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg"]
    )
    def test_every_common_spelling_of_a_database_address_is_taken(
        self, environment: Environment, scheme: str
    ) -> None:
        url = f"{scheme}://blog@db.example/blog"
        environment(DATABASE_URL=url, SECRET_KEY=KEY)

        database_url = load_settings().database_url

        assert database_url is not None
        assert database_url.get_secret_value() == url


class TestSecretsInFiles:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("database_url", URL),
            ("database_read_url", URL),
            ("database_direct_url", URL),
            ("secret_key", KEY),
            ("secret_keys_accepted", f"{KEY}, {KEY}2"),
            ("mail_password", "hunter2"),
            ("s3_secret_access_key", "hunter2"),
        ],
    )
    def test_a_secret_is_read_from_the_file_that_is_named(
        self, folder: Path, environment: Environment, name: str, value: str
    ) -> None:
        (folder / "secret").write_text(f"{value}\n")
        environment(
            **{
                "DATABASE_URL": URL,
                "SECRET_KEY": KEY,
                "MAIL_USERNAME": "blog",
                "MAIL_PASSWORD": "unused",
                "S3_ACCESS_KEY_ID": "blog",
                "S3_SECRET_ACCESS_KEY": "unused",
                name.upper(): "",
                f"{name.upper()}_FILE": str(folder / "secret"),
            }
        )

        assert getattr(load_settings(), name).get_secret_value() == value

    def test_a_secret_and_a_file_with_it_do_not_go_together(
        self, folder: Path, environment: Environment
    ) -> None:
        (folder / "secret").write_text(KEY)
        environment(SECRET_KEY=KEY, SECRET_KEY_FILE=str(folder / "secret"))

        assert refusal() == "SECRET_KEY and SECRET_KEY_FILE are both set"

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "not-text"])
    def test_a_file_that_cannot_be_read_is_named_by_its_setting(
        self, folder: Path, environment: Environment, content: bytes | None
    ) -> None:
        if content is not None:
            (folder / "secret").write_bytes(content)
        environment(SECRET_KEY_FILE=str(folder / "secret"))

        assert refusal() == "SECRET_KEY_FILE cannot be read"


WRONG = [
    ("PORT", "port-of-call"),
    ("PORT", "-17"),
    ("PORT", "65536"),
    ("LOG_LEVEL", "shouting"),
    ("DATABASE_URL", "mysql://blog:hunter2@db.example/blog"),
    ("DATABASE_POOL_SIZE", "0"),
    ("DATABASE_POOL_SIZE", "201"),
    ("SECRET_KEY", "x7" * 15),
    ("ALGORITHM", "none-at-all"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "525601"),
    ("RESET_TOKEN_EXPIRE_MINUTES", "-19"),
    ("FRONTEND_URL", "blog.example"),
    ("POSTS_PER_PAGE", "101"),
    ("POSTS_PER_PAGE", "ten-or-so"),
    ("MAX_UPLOAD_SIZE_BYTES", "104857601"),
    ("RESPONSE_CACHE_BYTES", "-18"),
    ("RESPONSE_CACHE_LAG_MS", "9"),
    ("RESPONSE_CACHE_LAG_MS", "60001"),
    ("S3_ENDPOINT_URL", "s3.example"),
    ("S3_PUBLIC_URL", "ftp://s3.example"),
    ("MAIL_PORT", "0"),
    ("MAIL_FROM", "Blog <noreply@blog.example>"),
    ("MAIL_USE_TLS", "perhaps"),
    ("MAIL_USE_SSL", "perhaps"),
]


class TestWrongValues:
    @pytest.mark.parametrize(("name", "value"), WRONG)
    def test_a_wrong_value_is_one_line_that_names_the_setting(
        self, environment: Environment, name: str, value: str
    ) -> None:
        environment(**{name: value})

        assert refusal().startswith(f"{name}: ")
        assert "\n" not in refusal()

    @pytest.mark.parametrize(
        ("name", "value"), [case for case in WRONG if case[1] != "0"]
    )  # a nought stands in many a bound
    def test_a_wrong_value_is_not_shown(
        self, environment: Environment, name: str, value: str
    ) -> None:
        environment(**{name: value})

        assert value not in refusal()

    def test_several_wrong_values_are_told_at_once(self, environment: Environment) -> None:
        environment(PORT="x", LOG_LEVEL="y")

        assert refusal().count("; ") == 1
        assert "PORT: " in refusal()
        assert "LOG_LEVEL: " in refusal()

    def test_nothing_of_a_wrong_value_hangs_on_to_the_error(self, environment: Environment) -> None:
        environment(SECRET_KEY="hunter2")

        with pytest.raises(SettingsError) as refused:
            load_settings()

        assert refused.value.__suppress_context__

    def test_outside_the_embedded_default_a_secret_key_is_required(
        self, environment: Environment
    ) -> None:
        environment(DATABASE_URL=URL)

        assert refusal() == "SECRET_KEY is required when DATABASE_URL is set"

    @pytest.mark.parametrize("name", ["DATABASE_READ_URL", "DATABASE_DIRECT_URL"])
    def test_another_way_to_the_database_needs_the_first(
        self, environment: Environment, name: str
    ) -> None:
        environment(**{name: URL})

        assert refusal() == "DATABASE_READ_URL and DATABASE_DIRECT_URL need DATABASE_URL"

    @pytest.mark.parametrize("keys", ["short", f"{KEY},short", f"short\n{KEY}"])
    def test_every_key_that_is_accepted_has_to_be_long_enough(
        self, environment: Environment, keys: str
    ) -> None:
        environment(SECRET_KEYS_ACCEPTED=keys)

        assert refusal() == "SECRET_KEYS_ACCEPTED: each must have at least 32 bytes for HS256"

    @pytest.mark.parametrize("name", ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"])
    def test_half_an_access_key_is_told(self, environment: Environment, name: str) -> None:
        environment(**{name: "hunter2"})

        assert refusal() == "S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together"

    @pytest.mark.parametrize("name", ["MAIL_USERNAME", "MAIL_PASSWORD"])
    def test_half_a_mail_account_is_told(self, environment: Environment, name: str) -> None:
        environment(**{name: "hunter2"})

        assert refusal() == "MAIL_USERNAME and MAIL_PASSWORD go together"


@pytest.mark.parametrize("between", [",", ", ", "\n", ",\n", ",,"])
def test_keys_that_are_accepted_are_separated_by_commas_or_lines(
    environment: Environment, between: str
) -> None:
    environment(SECRET_KEYS_ACCEPTED=f"{KEY}{between}{KEY}2{between}")

    assert load_settings().accepted_keys == [KEY, f"{KEY}2"]


def test_no_other_key_is_accepted_by_default() -> None:
    assert Settings().accepted_keys == []


def test_a_file_of_accepted_keys_may_be_empty(folder: Path, environment: Environment) -> None:
    (folder / "keys").write_text("\n")
    environment(SECRET_KEYS_ACCEPTED_FILE=str(folder / "keys"))

    assert load_settings().accepted_keys == []


def test_secrets_are_masked_wherever_settings_are_shown(environment: Environment) -> None:
    environment(
        DATABASE_URL=URL,
        SECRET_KEY=KEY + "hunter2",
        S3_ACCESS_KEY_ID="hunter2",
        S3_SECRET_ACCESS_KEY="hunter2",
        MAIL_USERNAME="blog",
        MAIL_PASSWORD="hunter2",
    )

    settings = load_settings()

    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


class TestKeptSecretKey:
    def test_a_key_is_made_once_and_kept(self, folder: Path) -> None:
        key = kept_secret_key(folder / "data")

        assert kept_secret_key(folder / "data") == key

    def test_each_folder_has_a_key_of_its_own(self, folder: Path) -> None:
        assert kept_secret_key(folder / "one") != kept_secret_key(folder / "two")

    @pytest.mark.parametrize(
        "content", [b"", b"x" * 63, b"\xff" * 64], ids=["none", "short", "junk"]
    )
    def test_what_is_no_key_of_ours_is_refused(self, folder: Path, content: bytes) -> None:
        (folder / "secret_key").write_bytes(content)

        with pytest.raises(SettingsError, match=r"^DATA_DIR: "):
            kept_secret_key(folder)

    def test_where_no_key_can_be_kept_is_said(self, folder: Path) -> None:
        (folder / "data").touch()

        with pytest.raises(SettingsError, match=r"^DATA_DIR: no secret key can be kept in "):
            kept_secret_key(folder / "data")

    def test_a_made_key_is_good_enough_for_a_setting(self, folder: Path) -> None:
        key = kept_secret_key(folder)

        assert load_settings(secret_key=key).secret_key is not None

    def test_only_the_owner_may_read_the_key(self, folder: Path) -> None:
        kept_secret_key(folder)

        assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600

    def test_nothing_else_is_left_in_the_folder(self, folder: Path) -> None:
        kept_secret_key(folder)

        assert [path.name for path in folder.iterdir()] == ["secret_key"]

    def test_processes_that_start_at_once_keep_one_key(self, folder: Path) -> None:
        script = (
            "import sys, pathlib, blog_adapters.settings as s; print('ready', flush=True);"
            "sys.stdin.read(); print(s.kept_secret_key(pathlib.Path('data')))"
        )
        processes = [
            subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-c", script],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=folder,
            )
            for _ in range(2)
        ]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()

        for process in processes:
            assert process.stdin is not None
            process.stdin.close()  # both were waiting for this
            process.stdin = None
        keys = {process.communicate()[0] for process in processes}

        assert keys == {kept_secret_key(folder / "data") + "\n"}


class TestLimits:
    def test_they_are_on(self) -> None:
        assert load_settings().limits == DEFAULT_LIMITS

    @pytest.mark.parametrize("off", ["off", " OFF "])
    def test_they_can_be_turned_off(self, environment: Environment, off: str) -> None:
        environment(RATE_LIMITS=off)

        assert load_settings().limits is None

    def test_some_can_be_changed(self, environment: Environment) -> None:
        environment(RATE_LIMITS="login=20/5m, registration_address = 7/d,writes=90/30s")

        assert load_settings().limits == replace(
            DEFAULT_LIMITS,
            login=Limit("login", 20, timedelta(minutes=5)),
            registration_address=Limit("registration_address", 7, timedelta(days=1)),
            writes=Limit("writes", 90, timedelta(seconds=30)),
        )

    @pytest.mark.parametrize(
        "value", ["yes", "login", "login=", "login=0/m", "login=5", "login=5/w"]
    )
    def test_what_is_no_limit_is_refused(self, environment: Environment, value: str) -> None:
        environment(RATE_LIMITS=value)

        assert refusal() == (
            "RATE_LIMITS: must be on, off, or changes such as login=20/5m, login_address=200/h"
        )

    def test_an_unknown_limit_is_refused_with_those_there_are(
        self, environment: Environment
    ) -> None:
        environment(RATE_LIMITS="logins=5/m")

        assert refusal().startswith("RATE_LIMITS: knows no such limit; there are login, login_a")

    def test_a_redis_has_a_url(self, environment: Environment) -> None:
        environment(RATE_LIMIT_REDIS_URL="hunter2@redis")

        assert refusal() == "RATE_LIMIT_REDIS_URL: must begin with redis:// or rediss://"


class TestTrustedProxies:
    def test_this_machine_is_trusted(self) -> None:
        assert list(map(str, load_settings().proxies)) == ["127.0.0.1/32", "::1/128"]

    @pytest.mark.parametrize(
        ("value", "networks"),
        [("none", []), ("10.0.0.0/8, 2001:db8::1", ["10.0.0.0/8", "2001:db8::1/128"])],
    )
    def test_others_may_be(self, environment: Environment, value: str, networks: list[str]) -> None:
        environment(TRUSTED_PROXIES=value)

        assert list(map(str, load_settings().proxies)) == networks

    @pytest.mark.parametrize(
        ("value", "because"),
        [
            ("*", "must not be *: then every caller could say who they are"),
            ("0.0.0.0/0", "must not be everybody: then every caller could say who they are"),
            ("10.0.0.1/8", "must be addresses or networks such as 10.0.0.0/8, or none"),
            ("proxy", "must be addresses or networks such as 10.0.0.0/8, or none"),
        ],
    )
    def test_nobody_trusts_everybody(
        self, environment: Environment, value: str, because: str
    ) -> None:
        environment(TRUSTED_PROXIES=value)

        assert refusal() == f"TRUSTED_PROXIES: {because}"
