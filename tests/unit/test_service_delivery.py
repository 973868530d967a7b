import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from blog_adapters.memory import MemoryDatabase, MemoryImageStorage, MemoryMailer
from blog_adapters.memory.tables import Held
from blog_core.domain.access import digest_of
from blog_core.domain.keys import KeyRing
from blog_core.domain.mail import Mail
from blog_core.domain.outbox import (
    MAX_ATTEMPTS,
    DeadLetter,
    Entry,
    PictureDiscarded,
    ResetMail,
    ResetRequested,
    Task,
)
from blog_core.domain.users import User
from blog_core.errors import (
    DatabaseUnavailable,
    MailRefused,
    MailUnavailable,
    StorageUnavailable,
)
from blog_core.ports import UnitOfWork
from blog_core.services import AccessPolicy, Delivery
from blog_core.services.delivery import LEASE
from blog_core.testing import builders
from blog_core.testing.builders import NOW, StoppedClock, minutes
from blog_core.testing.contracts.base import given_user

pytestmark = pytest.mark.anyio

POLICY = AccessPolicy(keys=KeyRing((b"k" * 32,)), frontend_url="https://blog.example")
SECOND = timedelta(seconds=1)


class Outage:
    """Units of work, none of which can be opened while it is `on`."""

    def __init__(self, database: MemoryDatabase) -> None:
        self.on = False
        self._database = database

    async def begin(self) -> None:
        self.on = True

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        if self.on:
            raise DatabaseUnavailable
        async with self._database.unit_of_work() as unit:
            yield unit


class TroubledMailer(MemoryMailer):
    """Fails with `trouble` while there is one; lets something happen before."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[UUID] = []
        self.trouble: Exception | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def send(self, mail: Mail) -> None:
        self.tried.append(mail.id)
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.trouble is not None:
            raise self.trouble
        await super().send(mail)


class TroubledStorage(MemoryImageStorage):
    """Cannot delete the pictures named `troubled`."""

    def __init__(self) -> None:
        super().__init__()
        self.troubled: set[str] = set()

    async def delete(self, image_file: str) -> None:
        if image_file in self.troubled:
            raise StorageUnavailable
        await super().delete(image_file)


class Relay:
    """A relay on the fakes, with a clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.clock = StoppedClock()
        self.database = MemoryDatabase()
        self.outage = Outage(self.database)
        self.mailer = TroubledMailer()
        self.storage = TroubledStorage()
        self.start(POLICY)

    def start(self, policy: AccessPolicy) -> None:
        self.delivery = Delivery(
            uow=self.outage.unit_of_work,
            mailer=self.mailer,
            storage=self.storage,
            clock=self.clock,
            new_id=uuid4,
            policy=policy,
        )

    async def given(self, *tasks: Task, created_at: datetime = NOW) -> list[Entry]:
        entries = [
            Entry(id=uuid4(), task=task, created_at=created_at, due_at=self.clock.now)
            for task in tasks
        ]
        async with self.database.unit_of_work() as unit:
            for entry in entries:
                await unit.outbox.add(entry)
            await unit.commit()
        return entries

    async def run(self) -> int:
        return await self.delivery.deliver_due()

    async def claim(self) -> list[Entry]:
        """Claim what is due for another relay, which then says no more."""
        async with self.database.unit_of_work() as unit:
            claimed = await unit.outbox.claim(
                now=self.clock.now, until=self.clock.now + LEASE, limit=10
            )
            await unit.commit()
        return claimed

    async def dead_letters(self) -> list[DeadLetter]:
        async with self.database.unit_of_work() as unit:
            return await unit.outbox.dead_letters()

    def held(self) -> list[Held]:
        return list(self.database.committed().outbox.values())


@pytest.fixture
def relay() -> Relay:
    return Relay()


@pytest.fixture
async def corey(relay: Relay) -> User:
    return await given_user(relay.database.unit_of_work, builders.new_user("corey"))


@pytest.fixture
async def reset_mail(relay: Relay, corey: User) -> Entry:
    """A promised reset whose mail is due."""
    await relay.given(ResetRequested(corey.email))
    await relay.run()
    (held,) = relay.held()
    return held.entry


def said(caplog: pytest.LogCaptureFixture, words: str) -> str:
    """Return the one log record that has these words."""
    (message,) = [message for message in caplog.messages if words in message]
    return message


def token_in(mail: Mail) -> str:
    return mail.text.partition("#token=")[2].split()[0]


class TestResetRequests:
    async def test_a_request_becomes_a_token_and_its_mail(self, relay: Relay, corey: User) -> None:
        await relay.given(ResetRequested(corey.email))

        await relay.run()

        (token,) = relay.database.committed().reset_tokens.values()
        (held,) = relay.held()
        assert (token.user_id, token.created_at) == (corey.id, NOW)
        assert token.expires_at == NOW + minutes(60)
        assert held.entry.task == ResetMail(corey.id)

    async def test_the_mail_is_dated_when_the_token_is_made_and_due_at_once(
        self, relay: Relay, corey: User
    ) -> None:
        await relay.given(ResetRequested(corey.email))
        relay.clock.now = NOW + minutes(90)

        await relay.run()

        (held,) = relay.held()
        assert (held.entry.created_at, held.entry.due_at) == (relay.clock.now, relay.clock.now)

    async def test_a_token_is_as_old_as_its_request_and_good_from_when_it_is_made(
        self, relay: Relay, corey: User
    ) -> None:
        await relay.given(ResetRequested(corey.email))
        relay.clock.now = NOW + minutes(90)

        await relay.run()

        (token,) = relay.database.committed().reset_tokens.values()
        assert (token.created_at, token.expires_at) == (NOW, NOW + minutes(150))

    async def test_an_unknown_address_gets_no_mail_and_leaves_nothing(
        self, relay: Relay, corey: User
    ) -> None:
        await relay.given(ResetRequested("nobody@example.com"))

        await relay.run()

        assert relay.held() == []
        assert relay.database.committed().reset_tokens == {}
        assert relay.database.committed().users == {corey.id: corey}

    async def test_no_address_is_logged(
        self, relay: Relay, corey: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        await relay.given(ResetRequested(corey.email), ResetRequested("nobody@example.com"))

        await relay.run()

        assert "unknown address" in caplog.text
        assert "example.com" not in caplog.text

    async def test_a_request_for_an_unknown_address_is_logged_by_its_entry(
        self, relay: Relay, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        (request,) = await relay.given(ResetRequested("nobody@example.com"))

        await relay.run()

        assert str(request.id) in said(caplog, "unknown address")

    async def test_of_requests_handled_out_of_order_the_later_one_counts(
        self, relay: Relay, corey: User
    ) -> None:
        (later,) = await relay.given(ResetRequested(corey.email), created_at=NOW + minutes(1))
        await relay.run()
        await relay.given(ResetRequested(corey.email), created_at=NOW)

        await relay.run()
        await relay.run()

        (token,) = relay.database.committed().reset_tokens.values()
        assert token.created_at == later.created_at
        assert len(relay.mailer.sent) == 1


class TestResetMails:
    async def test_the_mail_goes_to_the_stored_address_with_the_link_in_the_fragment(
        self, relay: Relay, corey: User
    ) -> None:
        await relay.given(ResetRequested("\uff23OREY@example.com"))

        await relay.run()
        await relay.run()

        (mail,) = relay.mailer.sent
        assert mail.to == corey.email
        assert f"https://blog.example/reset-password#token={token_in(mail)}" in mail.text
        assert relay.held() == []

    async def test_a_mail_has_the_id_of_its_entry(self, relay: Relay, reset_mail: Entry) -> None:
        await relay.run()

        (mail,) = relay.mailer.sent
        assert mail.id == reset_mail.id

    @pytest.mark.usefixtures("reset_mail")
    async def test_a_mail_sent_again_is_the_same_mail(self, relay: Relay) -> None:
        relay.mailer.trouble = MailUnavailable()
        await relay.run()
        first = relay.mailer.tried
        relay.mailer.trouble = None
        relay.clock.now += 2 * SECOND

        await relay.run()

        (mail,) = relay.mailer.sent
        assert first == [mail.id, mail.id]

    @pytest.mark.usefixtures("reset_mail")
    async def test_a_mail_whose_sending_could_not_be_noted_is_sent_again_unchanged(
        self, relay: Relay
    ) -> None:
        relay.mailer.meanwhile = relay.outage.begin
        await relay.run()
        relay.mailer.meanwhile = None
        relay.outage.on = False
        relay.clock.now += LEASE

        await relay.run()

        first, second = relay.mailer.sent
        assert first == second

    @pytest.mark.usefixtures("reset_mail")
    async def test_no_mail_is_sent_for_a_token_that_was_used_or_discarded(
        self, relay: Relay, corey: User
    ) -> None:
        async with relay.database.unit_of_work() as unit:
            await unit.reset_tokens.discard(corey.id)
            await unit.commit()

        await relay.run()

        assert (relay.mailer.tried, relay.held()) == ([], [])

    @pytest.mark.usefixtures("reset_mail")
    async def test_no_mail_is_sent_for_a_token_that_was_replaced(
        self, relay: Relay, corey: User
    ) -> None:
        async with relay.database.unit_of_work() as unit:
            await unit.reset_tokens.replace(builders.reset_token(corey.id))
            await unit.commit()

        await relay.run()

        assert (relay.mailer.tried, relay.held()) == ([], [])

    @pytest.mark.usefixtures("reset_mail")
    async def test_a_mail_promised_under_a_key_that_is_still_accepted_is_sent(
        self, relay: Relay
    ) -> None:
        relay.start(replace(POLICY, keys=KeyRing((b"n" * 32, *POLICY.keys.keys))))

        await relay.run()

        (mail,) = relay.mailer.sent
        (promised,) = relay.database.committed().reset_tokens
        assert digest_of(token_in(mail)) == promised

    @pytest.mark.usefixtures("reset_mail")
    async def test_a_mail_promised_under_a_key_that_was_withdrawn_is_not_sent(
        self, relay: Relay
    ) -> None:
        relay.start(replace(POLICY, keys=KeyRing((b"n" * 32,))))

        await relay.run()

        assert (relay.mailer.tried, relay.held()) == ([], [])

    @pytest.mark.usefixtures("reset_mail")
    async def test_no_mail_is_sent_for_a_token_that_is_over(self, relay: Relay) -> None:
        relay.clock.now += POLICY.reset_lifetime + minutes(1)

        await relay.run()

        assert (relay.mailer.tried, relay.held()) == ([], [])

    @pytest.mark.usefixtures("reset_mail")
    async def test_no_mail_is_sent_to_an_account_that_was_deleted(
        self, relay: Relay, corey: User
    ) -> None:
        async with relay.database.unit_of_work() as unit:
            await unit.users.delete(corey.id)
            await unit.commit()

        await relay.run()

        assert (relay.mailer.tried, relay.held()) == ([], [])


class TestFailing:
    @pytest.mark.usefixtures("reset_mail")
    async def test_a_mail_that_fails_is_tried_again_after_2_4_8_seconds(self, relay: Relay) -> None:
        relay.mailer.trouble = MailUnavailable()
        due = []

        for _ in range(4):
            await relay.run()
            (held,) = relay.held()
            due.append((held.entry.due_at - relay.clock.now) / SECOND)
            relay.clock.now = held.entry.due_at

        assert due == [2, 4, 8, 16]

    @pytest.mark.usefixtures("reset_mail")
    @pytest.mark.parametrize(
        ("trouble", "reason"),
        [
            (MailUnavailable(), "mail_unavailable"),
            (RuntimeError("what must not be stored"), "RuntimeError"),
        ],
    )
    async def test_after_the_last_attempt_it_is_a_dead_letter_with_the_reason(
        self, relay: Relay, trouble: Exception, reason: str
    ) -> None:
        relay.mailer.trouble = trouble

        for _ in range(MAX_ATTEMPTS + 10):
            await relay.run()
            relay.clock.now += minutes(0.5)

        (letter,) = await relay.dead_letters()
        assert len(relay.mailer.tried) == MAX_ATTEMPTS
        assert (letter.entry.attempts, letter.error) == (MAX_ATTEMPTS, reason)

    @pytest.mark.usefixtures("reset_mail")
    async def test_what_the_server_refuses_for_good_is_a_dead_letter_at_once(
        self, relay: Relay
    ) -> None:
        relay.mailer.trouble = MailRefused()

        await relay.run()

        (letter,) = await relay.dead_letters()
        assert (letter.entry.attempts, letter.error) == (1, "mail_refused")

    @pytest.mark.usefixtures("reset_mail")
    async def test_what_kills_its_relay_on_every_attempt_is_not_tried_again(
        self, relay: Relay
    ) -> None:
        for _ in range(MAX_ATTEMPTS):
            await relay.claim()
            relay.clock.now += LEASE

        await relay.run()

        (letter,) = await relay.dead_letters()
        assert letter.error == "attempts_spent"
        assert relay.mailer.tried == []

    async def test_one_that_fails_does_not_stop_the_others(self, relay: Relay) -> None:
        relay.storage.pictures = {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c"}
        relay.storage.troubled = {"b.jpg"}
        tasks = [PictureDiscarded(name) for name in relay.storage.pictures]
        await relay.given(*tasks)

        delivered = await relay.run()

        (held,) = relay.held()
        assert delivered == 3
        assert set(relay.storage.pictures) == {"b.jpg"}
        assert (held.entry.task, held.error) == (tasks[1], "storage_unavailable")

    @pytest.mark.usefixtures("reset_mail")
    @pytest.mark.parametrize("trouble", [None, MailUnavailable(), MailRefused()])
    async def test_what_another_relay_has_taken_over_is_left_to_it(
        self, relay: Relay, trouble: Exception | None
    ) -> None:
        async def be_late() -> None:
            relay.clock.now += LEASE
            await relay.claim()

        relay.mailer.trouble, relay.mailer.meanwhile = trouble, be_late

        await relay.run()

        (held,) = relay.held()
        assert (held.entry.attempts, held.until) == (2, relay.clock.now + LEASE)
        assert not held.dead

    async def test_to_be_taken_over_is_no_failure(
        self, relay: Relay, reset_mail: Entry, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def be_late() -> None:
            relay.clock.now += LEASE
            await relay.claim()

        relay.mailer.meanwhile = be_late

        await relay.run()

        assert str(reset_mail.id) in said(caplog, "taken over by another relay")
        assert "failed" not in caplog.text

    @pytest.mark.usefixtures("reset_mail")
    async def test_a_database_that_fails_while_a_failure_is_noted_costs_one_lease(
        self, relay: Relay
    ) -> None:
        relay.mailer.trouble = MailUnavailable()
        relay.mailer.meanwhile = relay.outage.begin

        await relay.run()
        relay.outage.on = False
        relay.clock.now += LEASE

        assert [entry.attempts for entry in await relay.claim()] == [2]

    async def test_what_stays_claimed_for_its_lease_is_logged_by_its_entry(
        self, relay: Relay, reset_mail: Entry, caplog: pytest.LogCaptureFixture
    ) -> None:
        relay.mailer.trouble = MailUnavailable()
        relay.mailer.meanwhile = relay.outage.begin

        await relay.run()

        assert str(reset_mail.id) in said(caplog, "stays claimed")

    async def test_a_database_that_cannot_be_asked_what_is_due_is_told(self, relay: Relay) -> None:
        relay.outage.on = True

        with pytest.raises(DatabaseUnavailable):
            await relay.run()

    @pytest.mark.usefixtures("reset_mail")
    @pytest.mark.parametrize(("trouble", "traced"), [(MailUnavailable(), 0), (RuntimeError(), 1)])
    async def test_only_what_nobody_expected_is_logged_with_a_traceback(
        self,
        relay: Relay,
        caplog: pytest.LogCaptureFixture,
        trouble: Exception,
        traced: int,
    ) -> None:
        relay.mailer.trouble = trouble

        await relay.run()

        (failed,) = [record for record in caplog.records if "failed" in record.message]
        assert failed.levelno == logging.WARNING
        assert bool(failed.exc_info) == bool(traced)

    async def test_a_failure_is_logged_with_its_entry_its_kind_the_attempt_and_the_reason(
        self, relay: Relay, reset_mail: Entry, caplog: pytest.LogCaptureFixture
    ) -> None:
        relay.mailer.trouble = MailUnavailable()

        await relay.run()

        failure = said(caplog, "failed")
        told = (str(reset_mail.id), ResetMail.kind, "attempt 1", MailUnavailable.code)
        assert all(detail in failure for detail in told)


class TestClaiming:
    async def test_nothing_due_is_nothing_done(self, relay: Relay) -> None:
        assert await relay.run() == 0

    async def test_no_more_than_asked_is_done_the_longest_due_first(self, relay: Relay) -> None:
        await relay.given(PictureDiscarded("first.jpg"))
        relay.clock.now += SECOND
        (second,) = await relay.given(PictureDiscarded("second.jpg"))

        assert await relay.delivery.deliver_due(limit=1) == 1

        assert [held.entry for held in relay.held()] == [second]

    async def test_unless_asked_for_more_ten_are_done_at_once(self, relay: Relay) -> None:
        await relay.given(*[PictureDiscarded(f"{number}.jpg") for number in range(11)])

        assert await relay.run() == 10

    @pytest.mark.usefixtures("reset_mail")
    @pytest.mark.parametrize(("after", "claimed"), [(LEASE - SECOND, 0), (LEASE, 1)])
    async def test_what_a_relay_delivers_no_other_can_claim_for_a_minute(
        self, relay: Relay, after: timedelta, claimed: int
    ) -> None:
        by_another: list[Entry] = []

        async def be_slow() -> None:
            relay.clock.now += after
            by_another.extend(await relay.claim())

        relay.mailer.meanwhile = be_slow

        await relay.run()

        assert len(by_another) == claimed

    async def test_what_is_in_hand_is_nobody_elses_for_a_minute(self, relay: Relay) -> None:
        await relay.given(PictureDiscarded("a.jpg"))
        await relay.claim()
        relay.clock.now += LEASE - SECOND

        assert await relay.run() == 0

        relay.clock.now += SECOND
        assert await relay.run() == 1
