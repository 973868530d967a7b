"""Which database URLs are understood."""

import pytest

from blog_adapters.sql.urls import engine_url


@pytest.mark.parametrize(
    "scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+asyncpg"]
)
def test_every_way_to_say_postgresql_runs_on_asyncpg(scheme: str) -> None:
    url = engine_url(f"{scheme}://blog:p%40ss@db.example.com:5433/blog")

    assert url.render_as_string(hide_password=False) == (
        "postgresql+asyncpg://blog:p%40ss@db.example.com:5433/blog"
    )


def test_libpqs_sslmode_is_asyncpgs_ssl() -> None:
    assert engine_url("postgresql://db/blog?sslmode=require").query == {"ssl": "require"}


def test_a_socket_is_found_by_its_folder() -> None:
    assert engine_url("postgresql:///blog?host=/run/postgresql").query == {
        "host": "/run/postgresql"
    }


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:///secret.db", "begin with postgresql://"),
        ("mysql://blog:secret@db/blog", "begin with postgresql://"),
        ("postgresql+psycopg2://blog:secret@db/blog", "begin with postgresql://"),
        ("secret", "not of the form"),
        ("", "not of the form"),
        ("postgresql://blog:secret@db:port/blog", "not of the form"),
        ("postgresql://blog:secret@db/blog?channel_binding=secret", "channel_binding"),
    ],
)
def test_anything_else_is_refused_without_repeating_it(url: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        engine_url(url)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
