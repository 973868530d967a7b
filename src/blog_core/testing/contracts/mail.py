"""The contract of what sends mail."""

from blog_core.testing import builders
from blog_core.testing.contracts.base import Contract, clause


class MailerContract(Contract):
    """`Mailer`."""

    ports = ("mailer", "received")

    @clause("MAILER-01")
    async def test_a_message_arrives_with_its_texts(self) -> None:
        """A message arrives with its address, subject and both texts, in any script."""
        mail = builders.mail(text="Grüße,\n\n“quoted” 🙂\n", html="<p>Grüße &amp; 🙂</p>\n")

        await self.mailer.send(mail)

        assert await self.received() == [mail]

    @clause("MAILER-02")
    async def test_each_message_goes_to_its_own_address(self) -> None:
        """Each message arrives, at its own address."""
        await self.mailer.send(builders.mail("one@example.com"))
        await self.mailer.send(builders.mail("two@example.com"))

        assert {mail.to for mail in await self.received()} == {"one@example.com", "two@example.com"}

    @clause("MAILER-03")
    async def test_a_message_sent_again_keeps_its_id(self) -> None:
        """A message sent again keeps its id, so that it can be told from a new one."""
        mail = builders.mail()

        await self.mailer.send(mail)
        await self.mailer.send(mail)

        assert {received_mail.id for received_mail in await self.received()} == {mail.id}

    @clause("MAILER-04")
    async def test_long_lines_arrive_whole(self) -> None:
        """Lines longer than SMTP allows arrive whole."""
        mail = builders.mail(text="x" * 3000 + "\n", html="<p>" + "y" * 3000 + "</p>\n")

        await self.mailer.send(mail)

        assert await self.received() == [mail]
