"""The world around a blog: its time, its ids, and the parts outside that fail for a while."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from uuid import NAMESPACE_OID, UUID, uuid5

from blog_adapters.memory import MemoryImageStorage, MemoryMailer
from blog_core.domain.mail import Mail
from blog_core.errors import MailRefused, MailUnavailable, StorageUnavailable
from blog_core.testing.builders import StoppedClock


class Trouble(Enum):
    """What a part outside the blog does to those who ask it."""

    NONE = auto()
    DOWN = auto()
    ANSWER_LOST = auto()
    REFUSES = auto()


@dataclass
class World:
    """What is outside of a blog; two blogs may share it."""

    clock: StoppedClock = field(default_factory=StoppedClock)
    storage: Trouble = Trouble.NONE
    mail: Trouble = Trouble.NONE


class TroubledStorage(MemoryImageStorage):
    """The fake, in a world where it may fail."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def put(self, image_file: str, data: bytes) -> None:
        """See `ImageStorage`."""
        if self._world.storage is not Trouble.DOWN:
            await super().put(image_file, data)
        self._answer()

    async def delete(self, image_file: str) -> None:
        """See `ImageStorage`."""
        if self._world.storage is not Trouble.DOWN:
            await super().delete(image_file)
        self._answer()

    def _answer(self) -> None:
        if self._world.storage is not Trouble.NONE:
            raise StorageUnavailable


class TroubledMailer(MemoryMailer):
    """The fake, in a world where it may fail."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def send(self, mail: Mail) -> None:
        """See `Mailer`."""
        if self._world.mail is Trouble.REFUSES:
            raise MailRefused
        if self._world.mail is not Trouble.DOWN:
            await super().send(mail)
        if self._world.mail is not Trouble.NONE:
            raise MailUnavailable


def counted_ids() -> Iterator[UUID]:
    """Yield the same ids in every run, in no order, so that a missing sort shows."""
    for number in count():
        yield uuid5(NAMESPACE_OID, str(number))
