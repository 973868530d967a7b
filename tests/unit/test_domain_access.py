import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from blog_core.domain.access import (
    AccessClaims,
    AccessToken,
    Actor,
    ResetToken,
    Session,
    digest_of,
)
from blog_core.domain.keys import KeyRing
from blog_core.domain.outbox import ResetRequested
from blog_core.domain.users import User, UserId
from blog_core.domain.versions import require_seen
from blog_core.errors import Forbidden, InvalidAccessToken, SessionEnded, StaleVersion
from blog_core.services import AccessPolicy
from blog_core.testing import builders
from blog_core.testing.builders import NOW, minutes

SECRET = "only-for-its-owner"


@pytest.fixture
def session() -> Session:
    return builders.session(UserId(1), lifetime=minutes(30))


@pytest.fixture
def actor(session: Session) -> Actor:
    user = User(id=UserId(1), username="corey", email="corey@example.com", password_hash="hash")
    return Actor(user=user, session=session)


def claims_of(actor: Actor) -> AccessClaims:
    return AccessClaims(user_id=actor.user.id, session_id=actor.session.id)


@pytest.mark.parametrize(
    "expiring", [builders.session, builders.reset_token], ids=["session", "reset-token"]
)
@pytest.mark.parametrize(("late_by", "over"), [(30_000_000, False), (30_000_001, True)])
def test_an_expiry_is_believed_after_half_a_minute(
    expiring: Callable[[UserId], Session | ResetToken], late_by: int, over: bool
) -> None:
    value = expiring(UserId(1))

    assert value.is_over(value.expires_at + timedelta(microseconds=late_by)) is over


@pytest.mark.parametrize(("age", "needed"), [(299.999_999, False), (300, True)])
def test_five_minutes_after_its_last_use_a_session_needs_a_touch(
    session: Session, age: float, needed: bool
) -> None:
    assert session.needs_touch(NOW + timedelta(seconds=age)) is needed


def test_genuine_claims_are_admitted(actor: Actor) -> None:
    actor.admit(claims_of(actor), NOW)


def test_claims_of_another_user_than_the_sessions_are_not_admitted(actor: Actor) -> None:
    with pytest.raises(InvalidAccessToken):
        actor.admit(replace(claims_of(actor), user_id=UserId(2)), NOW)


def test_nobody_is_admitted_to_an_expired_session(actor: Actor) -> None:
    with pytest.raises(SessionEnded):
        actor.admit(claims_of(actor), NOW + minutes(31))


def test_to_act_for_oneself_is_allowed(actor: Actor) -> None:
    actor.require_self(actor.user.id, "do this")


def test_to_act_for_another_is_forbidden_and_says_what(actor: Actor) -> None:
    with pytest.raises(Forbidden, match=r"^Not authorized to do this$"):
        actor.require_self(UserId(2), "do this")


def test_a_renewed_session_has_the_next_refresh_token() -> None:
    session = builders.session(UserId(1))

    renewed = session.renewed(now=NOW + minutes(5), expires_at=NOW + minutes(60))

    assert renewed == replace(
        session, last_used_at=NOW + minutes(5), expires_at=NOW + minutes(60), generation=2
    )


def test_what_is_stored_of_a_token_is_its_sha256() -> None:
    assert digest_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_any_text_has_a_digest() -> None:
    assert re.fullmatch("[0-9a-f]{64}", digest_of("half of a pair \ud83d"))


@pytest.mark.parametrize("seen", [None, frozenset({3}), frozenset({1, 3, 9})])
def test_a_version_that_was_seen_may_be_changed(seen: frozenset[int] | None) -> None:
    require_seen(3, seen)


@pytest.mark.parametrize("seen", [frozenset(), frozenset({2}), frozenset({2, 4})])
def test_a_version_that_was_not_seen_is_stale(seen: frozenset[int]) -> None:
    with pytest.raises(StaleVersion):
        require_seen(3, seen)


@pytest.mark.parametrize(
    "value",
    [
        builders.new_user(password_hash=SECRET),
        AccessToken(value=SECRET, expires_in=minutes(1), refresh_token=SECRET),
        replace(builders.reset_token(UserId(1)), digest=SECRET),
        AccessPolicy(keys=KeyRing((SECRET.encode(),)), frontend_url="http://localhost"),
        ResetRequested(SECRET),
        builders.mail(text=SECRET, html=SECRET),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_holds_a_secret_does_not_show_it(value: object) -> None:
    assert SECRET not in repr(value)
