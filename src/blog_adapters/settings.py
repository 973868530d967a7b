"""The settings: read from the environment once, by a call, and never changed after.

Names are the environment's, without regard to case. `docs/settings.md` lists them all.
"""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from blog_adapters.notations import Network, limits_in, networks_in
from blog_core.domain import text
from blog_core.domain.limits import RateLimits

SECRET_KEY_MIN_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""How long the key of each algorithm is at least (RFC 7518, section 3.2)."""

_DATABASE_SCHEMES = (
    "postgresql://",
    "postgres://",
    "postgresql+psycopg://",
    "postgresql+asyncpg://",
)


_NAME = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]"
_HOST = re.compile(rf"\*|(?:\*\.)?(?:{_NAME})")
_ORIGIN = re.compile(rf"https?://(?:{_NAME})(?::[0-9]{{1,5}})?")

SECRETS = (
    "database_url",
    "database_read_url",
    "database_direct_url",
    "secret_key",
    "secret_keys_accepted",
    "mail_password",
    "rate_limit_redis_url",
    "s3_secret_access_key",
)
"""What may be read from a file instead, the one that `<NAME>_FILE` names."""


class SettingsError(Exception):
    """A setting is wrong or missing; one line names it and never quotes its value."""


T = TypeVar("T")


def _without_nul(value: T) -> T:
    if "\0" in str(value):
        raise ValueError("must not contain a NUL")
    return value


def _web_address(value: str) -> str:
    if not re.match(r"https?://[^/?#]", value):
        raise ValueError("must begin with http:// or https:// and a host")
    return value.rstrip("/")


def _own_address(validated: Mapping[str, Any]) -> str:
    port = validated["port"]
    return "http://localhost" if port == 80 else f"http://localhost:{port}"


def _database_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(_DATABASE_SCHEMES):
        raise ValueError("must begin with postgresql://")
    return value


def _hosts(value: str) -> str:
    names = _listed(value)
    if not names or not all(_HOST.fullmatch(name) for name in names):
        raise ValueError("must be host names without a port; *.example.com and * are understood")
    return ",".join(names)


def _origins(value: str) -> str:
    origins = _listed(value)
    if not all(_ORIGIN.fullmatch(origin) for origin in origins):
        raise ValueError(
            "must be exact origins such as https://blog.example.com, without * and path"
        )
    return ",".join(origins)


def _listed(value: str) -> list[str]:
    return [name for part in value.split(",") if (name := part.strip().lower())]


def _redis_address(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://")):
        raise ValueError("must begin with redis:// or rediss://")
    return value


def _rate_limits(value: str) -> str:
    limits_in(value)
    return value


def _proxies(value: str) -> str:
    networks_in(value)
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
Days = Annotated[int, Field(ge=1, le=3_650)]


class Settings(BaseModel):
    """What the container builds from. The defaults run the blog with nothing set at all."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    host: Annotated[str, AfterValidator(_without_nul)] = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    data_dir: Annotated[Path, AfterValidator(_without_nul)] = Path("var")
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(str.lower)
    ] = "info"
    allowed_hosts: Annotated[str, AfterValidator(_hosts)] = "*"
    cors_origins: Annotated[str, AfterValidator(_origins)] = ""
    docs: bool = True

    database_url: Annotated[SecretStr, AfterValidator(_database_address)] | None = None
    database_read_url: Annotated[SecretStr, AfterValidator(_database_address)] | None = None
    database_direct_url: Annotated[SecretStr, AfterValidator(_database_address)] | None = None
    database_pool_size: int = Field(default=8, ge=1, le=200)

    response_cache_bytes: int = Field(default=32 * 1024 * 1024, ge=0)
    response_cache_lag_ms: int = Field(default=100, ge=10, le=60_000)

    rate_limits: Annotated[str, AfterValidator(_rate_limits)] = "on"
    rate_limit_redis_url: Annotated[SecretStr, AfterValidator(_redis_address)] | None = None
    trusted_proxies: Annotated[str, AfterValidator(_proxies)] = "127.0.0.1, ::1"

    secret_key: SecretStr | None = None
    secret_keys_accepted: SecretStr | None = None
    algorithm: Literal["HS256", "HS384", "HS512"] = "HS256"
    jwt_issuer: str = "blog"
    jwt_audience: str = "blog"
    access_token_expire_minutes: Minutes = 30
    refresh_token_expire_days: Days = 14
    session_expire_days: Days = 90
    reset_token_expire_minutes: Minutes = 60

    frontend_url: WebAddress = Field(default_factory=_own_address)
    posts_per_page: int = Field(default=10, ge=1, le=100)
    max_upload_size_bytes: int = Field(default=5 * 1024 * 1024, ge=1, le=100 * 1024 * 1024)

    s3_bucket_name: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    s3_endpoint_url: WebAddress | None = None
    s3_public_url: WebAddress | None = None

    mail_server: str | None = None
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_username: str | None = None
    mail_password: SecretStr | None = None
    mail_from: Annotated[str, AfterValidator(text.email)] = "noreply@example.com"
    mail_use_tls: bool = True
    mail_use_ssl: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take a secret from the file that `<NAME>_FILE` names."""
        for name in SECRETS:
            path = values.pop(f"{name}_file", None)
            if path is None:
                continue
            if values.get(name) is not None:
                raise ValueError(f"{name.upper()} and {name.upper()}_FILE are both set")
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ValueError(f"{name.upper()}_FILE cannot be read") from error
        return values

    @model_validator(mode="after")
    def _check_what_belongs_together(self) -> Self:
        if self.database_url is None and (self.database_read_url or self.database_direct_url):
            raise ValueError("DATABASE_READ_URL and DATABASE_DIRECT_URL need DATABASE_URL")
        if self.database_url is not None and self.secret_key is None:
            raise ValueError("SECRET_KEY is required when DATABASE_URL is set")
        needed = SECRET_KEY_MIN_BYTES[self.algorithm]
        if self.secret_key and len(self.secret_key.get_secret_value().encode()) < needed:
            raise ValueError(f"SECRET_KEY: must have at least {needed} bytes for {self.algorithm}")
        if any(len(key.encode()) < needed for key in self.accepted_keys):
            raise ValueError(
                f"SECRET_KEYS_ACCEPTED: each must have at least {needed} bytes for {self.algorithm}"
            )
        if (self.s3_access_key_id is None) != (self.s3_secret_access_key is None):
            raise ValueError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together")
        if (self.mail_username is None) != (self.mail_password is None):
            raise ValueError("MAIL_USERNAME and MAIL_PASSWORD go together")
        return self

    @property
    def accepted_keys(self) -> list[str]:
        """The keys beside SECRET_KEY whose tokens are good."""
        given = self.secret_keys_accepted
        parts = re.split(r"[,\n]", given.get_secret_value()) if given else []
        return [key for part in parts if (key := part.strip())]

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the blog answers; `*` is any."""
        return tuple(self.allowed_hosts.split(","))

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may use the API."""
        return tuple(filter(None, self.cors_origins.split(",")))

    @property
    def limits(self) -> RateLimits | None:
        """The limits in effect; None when there are none."""
        return limits_in(self.rate_limits)

    @property
    def proxies(self) -> tuple[Network, ...]:
        """Whose word is taken for who is calling."""
        return networks_in(self.trusted_proxies)

    @property
    def access_lifetime(self) -> timedelta:
        """How long an access token is good."""
        return timedelta(minutes=self.access_token_expire_minutes)

    @property
    def reset_lifetime(self) -> timedelta:
        """How long a reset token is good."""
        return timedelta(minutes=self.reset_token_expire_minutes)


class _Environment(Settings, BaseSettings):
    """The same settings, read from the environment and from `.env` in the working directory."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    database_url_file: Path | None = None
    database_read_url_file: Path | None = None
    database_direct_url_file: Path | None = None
    secret_key_file: Path | None = None
    secret_keys_accepted_file: Path | None = None
    mail_password_file: Path | None = None
    rate_limit_redis_url_file: Path | None = None
    s3_secret_access_key_file: Path | None = None


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - values are validated below
    """Return the settings of this process; what is given comes before the environment.

    Raises:
        SettingsError: a value is wrong or missing.
    """
    values = {name: value for name, value in given.items() if value is not None}
    # Only a file: a pipe of this name would never end.
    values["_env_file"] = ".env" if Path(".env").is_file() else None
    try:
        return _Environment(**values)
    except ValidationError as error:
        wrong = error.errors(include_input=False)
        # Of a default that follows another setting, only the other one is worth a word.
        told = [each for each in wrong if each["type"] != "default_factory_not_called"]
        raise SettingsError("; ".join(map(_in_words, told))) from None
    except UnicodeDecodeError as error:
        raise SettingsError(".env: not UTF-8") from error


def _in_words(error: Mapping[str, Any]) -> str:
    name = ".".join(str(part).upper() for part in error["loc"])
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message


def kept_secret_key(data_dir: Path) -> str:
    """Return the key in `data_dir/secret_key`, made once and readable by its owner alone.

    Raises:
        SettingsError: it cannot be made or read, or is too short to be one of ours.
    """
    path = data_dir / "secret_key"
    try:
        _make_secret_key(path)
        key = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"DATA_DIR: no secret key can be kept in {path}") from error
    if len(key) < max(SECRET_KEY_MIN_BYTES.values()):
        raise SettingsError(f"DATA_DIR: {path} holds no key; remove it, and a new one is made")
    return key


def _make_secret_key(path: Path) -> None:
    data_dir = path.parent
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=data_dir, encoding="ascii") as fresh:
            fresh.write(secrets.token_urlsafe(48))
            fresh.flush()
            os.fsync(fresh.fileno())
            # A link never replaces: of two processes that start at once, one key is kept.
            with suppress(FileExistsError):
                os.link(fresh.name, path)
