"""The contract of what sends mail."""

from collections.abc import Awaitable, Callable

from blog_core.domain.mail import Mail
from blog_core.ports import Mailer
from blog_core.testing import builders
from blog_core.testing.contracts.base import Contract

ReceivedMail = Callable[[], Awaitable[list[Mail]]]
"""What has arrived, in any order, read back from outside the port; texts end in one newline."""


class MailerContract(Contract):
    """`Mailer`. Supply `mailer` and `received`, which reads what has arrived."""

    async def test_a_message_arrives_with_its_texts(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        mail = builders.mail(text="Grüße,\n\n“quoted” 🙂\n", html="<p>Grüße &amp; 🙂</p>\n")

        await mailer.send(mail)

        assert await received() == [mail]

    async def test_each_message_goes_to_its_own_address(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        await mailer.send(builders.mail("one@example.com"))
        await mailer.send(builders.mail("two@example.com"))

        assert {mail.to for mail in await received()} == {"one@example.com", "two@example.com"}

    async def test_a_message_sent_again_keeps_its_id(
        self, mailer: Mailer, received: ReceivedMail
    ) -> None:
        mail = builders.mail()

        await mailer.send(mail)
        await mailer.send(mail)

        assert {received_mail.id for received_mail in await received()} == {mail.id}

    async def test_long_lines_arrive_whole(self, mailer: Mailer, received: ReceivedMail) -> None:
        mail = builders.mail(text="x" * 3000 + "\n", html="<p>" + "y" * 3000 + "</p>\n")

        await mailer.send(mail)

        assert await received() == [mail]
