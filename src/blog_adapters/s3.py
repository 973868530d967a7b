"""Profile pictures in a bucket of Amazon S3, or of a server that speaks its protocol."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from blog_adapters.workers import Workers
from blog_core.errors import StorageUnavailable

_FOLDER = "profile_pics"

# A key is never written twice, so whoever has a picture may keep it for a year.
_CACHE_CONTROL = "public, max-age=31536000, immutable"

# Seconds, for each address of the server and each piece it sends: a name with many addresses, or
# an answer byte by byte, takes longer than their sum. They end the thread's work; what bounds a
# call, with its wait for a thread, is its own timeout.
_CONNECT_TIMEOUT, _READ_TIMEOUT = 2, 5
_ATTEMPTS = 2


class S3ImageStorage:
    """Keeps pictures under `profile_pics/` in a bucket whose policy lets the public read them.

    One client serves all threads: clients are thread-safe, sessions are not (boto3's guide on
    multithreading), and to build one takes longer than to use it.

    Args:
        workers: the threads that talk to the storage, one connection each.
        bucket: the name of the bucket; it must exist.
        region: where the bucket is, such as "us-east-1".
        access_key_id: with `secret_access_key`, who we are; None asks boto3's usual chain
            (environment, shared files, the machine's role).
        endpoint_url: another server than Amazon's.
        public_url: where the public finds the bucket, such as a CDN; None is Amazon's address.
        timeout: seconds for one call, whatever happens.
    """

    def __init__(
        self,
        *,
        workers: Workers,
        bucket: str,
        region: str,
        access_key_id: str | None = None,
        secret_access_key: str | None = None,
        endpoint_url: str | None = None,
        public_url: str | None = None,
        timeout: float = 11,
    ) -> None:
        self._workers = workers
        self._timeout = timeout
        self._bucket = bucket
        self._public_url = (public_url or f"https://{bucket}.s3.{region}.amazonaws.com").rstrip("/")
        self._client = boto3.Session().client(
            "s3",
            region_name=region,
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            endpoint_url=endpoint_url,
            config=Config(
                connect_timeout=_CONNECT_TIMEOUT,
                read_timeout=_READ_TIMEOUT,
                # `max_attempts` would count the retries only.
                retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
                max_pool_connections=workers.threads,
                signature_version="s3v4",
                # Checksum trailers are refused by some servers that only speak the protocol.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    async def put(self, image_file: str, data: bytes) -> None:
        """Store a JPEG under this name.

        After a failure it is not known whether the picture is there; it may even come later.

        Raises:
            StorageUnavailable, Busy
        """
        await self._call(
            lambda: self._client.put_object(
                Bucket=self._bucket,
                Key=_key(image_file),
                Body=data,
                ContentType="image/jpeg",
                CacheControl=_CACHE_CONTROL,
            )
        )

    async def delete(self, image_file: str) -> None:
        """Delete a picture; one that is gone is no error.

        Raises:
            StorageUnavailable, Busy
        """
        await self._call(lambda: self._delete(_key(image_file)))

    def url(self, image_file: str) -> str:
        """Return where the public finds a picture, whether or not it exists."""
        return f"{self._public_url}/{_key(image_file)}"

    def close(self) -> None:
        """Close the connections that are idle; those in use close when their call is done."""
        self._client.close()

    def _delete(self, key: str) -> None:
        with suppress(self._client.exceptions.NoSuchKey):  # Amazon answers 204, others this
            self._client.delete_object(Bucket=self._bucket, Key=key)

    async def _call(self, job: Callable[[], object]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._workers.run(job)
        except (BotoCoreError, ClientError, TimeoutError) as error:
            raise StorageUnavailable from error


def _key(image_file: str) -> str:
    return f"{_FOLDER}/{image_file}"
