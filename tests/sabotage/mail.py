"""Mistakes in what sends mail."""

import textwrap
from dataclasses import replace
from uuid import uuid4

from blog_adapters.memory import MemoryMailer
from blog_core.domain.mail import Mail
from sabotage.saboteur import saboteur


@saboteur("MAILER-01")
class WritesInLatin1(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        written = mail.text.encode("latin-1", "replace").decode("latin-1")
        await super().send(replace(mail, text=written))


@saboteur("MAILER-01", also="MAILER-04")
class SendsNoHtml(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        await super().send(replace(mail, html=""))


@saboteur("MAILER-02")
class LosesTheSecondMail(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        if not self.sent:
            await super().send(mail)


@saboteur("MAILER-02")
class SendsEverythingToTheFirstAddress(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        to = self.sent[0].to if self.sent else mail.to
        await super().send(replace(mail, to=to))


@saboteur("MAILER-03")
class GivesARepeatedMailANewId(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        again = any(sent.id == mail.id for sent in self.sent)
        await super().send(replace(mail, id=uuid4()) if again else mail)


@saboteur("MAILER-04")
class BreaksLongLines(MemoryMailer):
    async def send(self, mail: Mail) -> None:
        broken = "".join(f"{line}\n" for line in textwrap.wrap(mail.text, 998))
        await super().send(replace(mail, text=broken) if len(mail.text) > 998 else mail)
