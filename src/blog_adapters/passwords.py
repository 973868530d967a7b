"""Passwords hashed with Argon2id."""

import re
import secrets
from base64 import b64encode

from pwdlib.hashers.argon2 import Argon2Hasher

from blog_adapters.workers import Workers

_SALT_BYTES, _TAG_BYTES = 16, 32

# What Argon2 can verify; anything else in its place would be told from a hash by the clock.
_HASH = re.compile(
    r"\$argon2id?\$v=19\$m=[0-9]+,t=[0-9]+,p=[0-9]+\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{6,86}"
)


class Argon2Passwords:
    """Hashes in threads, because one hash takes longer than most requests.

    The parameters are the second recommended option of RFC 9106, section 4.

    Args:
        workers: the threads that hash; as many as there are processor cores, since each hash
            holds `memory_cost` while it runs.
        time_cost: passes over the memory.
        memory_cost: KiB.
        parallelism: lanes.
    """

    def __init__(
        self,
        *,
        workers: Workers,
        time_cost: int = 3,
        memory_cost: int = 65_536,
        parallelism: int = 4,
    ) -> None:
        self._workers = workers
        self._hasher = Argon2Hasher(
            time_cost=time_cost,
            memory_cost=memory_cost,
            parallelism=parallelism,
            salt_len=_SALT_BYTES,
            hash_len=_TAG_BYTES,
        )
        # To verify against it costs what a real hash costs, and to make it costs nothing: its
        # tag was not computed but drawn.
        salt, tag = (
            b64encode(secrets.token_bytes(size)).rstrip(b"=").decode()
            for size in (_SALT_BYTES, _TAG_BYTES)
        )
        parameters = f"m={memory_cost},t={time_cost},p={parallelism}"
        self._decoy = f"$argon2id$v=19${parameters}${salt}${tag}"

    async def hash(self, password: str) -> str:
        """Return a salted hash in PHC format, different each time, 97 characters long.

        Raises:
            Busy
        """
        return await self._workers.run(self._hasher.hash, password)

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether the password belongs to the hash.

        It costs one verification whatever is asked: None, a text that is no hash, and a password
        that cannot be encoded included.

        Raises:
            Busy
        """
        try:
            secret = password.encode()
        except UnicodeEncodeError:  # lone surrogates, which no hash was ever made of
            secret, password_hash = b"", None
        if password_hash is None or not _HASH.fullmatch(password_hash):
            await self._workers.run(self._hasher.verify, secret, self._decoy)
            return False
        return await self._workers.run(self._hasher.verify, secret, password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's, or is none."""
        return not _HASH.fullmatch(password_hash) or self._hasher.check_needs_rehash(password_hash)
