"""A server that speaks S3, for tests: moto's, on a free port of the loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

HOST = "127.0.0.1"
BUCKET = "test-bucket"
REGION = "us-east-1"


@contextmanager
def without_aws_settings() -> Iterator[None]:
    """Keep a developer's AWS variables and files from whatever is built meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, os.devnull)
        yield


class S3Server:
    """A server that speaks S3; it has the bucket `BUCKET` while a test uses one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://{HOST}:{port}"
        with without_aws_settings():
            self._client = boto3.Session().client(
                "s3",
                region_name=REGION,
                endpoint_url=self.url,
                aws_access_key_id="admin",
                aws_secret_access_key="admin",
            )

    @contextmanager
    def bucket(self) -> Iterator[None]:
        """Have an empty bucket."""
        # Not by requests: three take longer than most tests.
        backend = get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"]
        backend.create_bucket(BUCKET, REGION)
        yield
        backend.reset()

    def stored(self) -> list[str]:
        """Return the keys that the bucket holds."""
        return [
            found["Key"]
            for found in self._client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        ]

    def read(self, key: str) -> bytes:
        """Return one object."""
        content: bytes = self._client.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        return content

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Lend a server; each of its requests has a thread of its own."""
    server = ThreadedMotoServer(ip_address=HOST, port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    s3 = S3Server(port)
    yield s3
    s3.close()
    server.stop()
