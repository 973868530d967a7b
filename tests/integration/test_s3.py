import asyncio
import socket
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from mypy_boto3_s3 import S3Client

from blog_adapters.s3 import S3ImageStorage
from blog_adapters.workers import Workers
from blog_core.errors import StorageUnavailable
from blog_core.testing import Adapter
from blog_core.testing.contracts import ImageStorageContract

pytestmark = pytest.mark.anyio

BUCKET = "test-bucket"
PICTURE = "0123456789abcdef0123456789abcdef.jpg"

MakeStorage = Callable[..., S3ImageStorage]


@pytest.fixture(scope="module")
def endpoint_url() -> Iterator[str]:
    """A server that speaks S3; each of its requests has a thread of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def admin(endpoint_url: str) -> Iterator[S3Client]:
    """A client that may do anything."""
    client = boto3.Session().client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="admin",
        aws_secret_access_key="admin",
    )
    yield client
    client.close()


@pytest.fixture
def s3(admin: S3Client) -> Iterator[S3Client]:
    """The administrator's client, and an empty bucket."""
    admin.create_bucket(Bucket=BUCKET)
    yield admin
    for found in admin.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        admin.delete_object(Bucket=BUCKET, Key=found["Key"])
    admin.delete_bucket(Bucket=BUCKET)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("s3", threads=8, waiting=100)
    yield workers
    workers.close()


@pytest.fixture(scope="module")
def make_storage(workers: Workers) -> Iterator[MakeStorage]:
    made: list[S3ImageStorage] = []

    def make_storage(**changed: Any) -> S3ImageStorage:  # noqa: ANN401 - its own keywords
        keywords = {
            "bucket": BUCKET,
            "region": "us-east-1",
            "access_key_id": "app",
            "secret_access_key": "secret",
        }
        made.append(S3ImageStorage(workers=workers, **{**keywords, **changed}))
        return made[-1]

    yield make_storage
    for storage in made:
        storage.close()


@pytest.fixture(scope="module")
def one_storage(make_storage: MakeStorage, endpoint_url: str) -> S3ImageStorage:
    """Made once, because that takes longer than most of the tests."""
    return make_storage(endpoint_url=endpoint_url)


@pytest.fixture
def storage(
    one_storage: S3ImageStorage,
    s3: S3Client,  # noqa: ARG001 - it makes the bucket
) -> S3ImageStorage:
    return one_storage


@pytest.fixture
def unused_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def requests_of(storage: S3ImageStorage) -> list[str]:
    """Return a list that tells the method of each request from now on."""
    sent: list[str] = []
    storage._client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.append(request.method)
    )
    return sent


class TestS3ImageStorage(ImageStorageContract):
    """On a server that speaks S3."""

    @pytest.fixture
    def blog_adapter(self, storage: S3ImageStorage, s3: S3Client) -> Adapter:
        async def stored() -> dict[str, bytes]:
            found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
            return {
                entry["Key"].removeprefix("profile_pics/"): s3.get_object(
                    Bucket=BUCKET, Key=entry["Key"]
                )["Body"].read()
                for entry in found
            }

        return Adapter(storage=storage, stored=stored)


async def test_a_picture_is_stored_in_the_folder_for_pictures(
    storage: S3ImageStorage, s3: S3Client
) -> None:
    await storage.put(PICTURE, b"picture")

    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert keys == [f"profile_pics/{PICTURE}"]


async def test_a_picture_is_stored_as_a_jpeg(storage: S3ImageStorage, s3: S3Client) -> None:
    await storage.put(PICTURE, b"picture")

    head = s3.head_object(Bucket=BUCKET, Key=f"profile_pics/{PICTURE}")
    assert head["ContentType"] == "image/jpeg"


async def test_a_picture_may_be_kept_for_a_year(storage: S3ImageStorage, s3: S3Client) -> None:
    await storage.put(PICTURE, b"picture")

    head = s3.head_object(Bucket=BUCKET, Key=f"profile_pics/{PICTURE}")
    assert head["CacheControl"] == "public, max-age=31536000, immutable"


@pytest.mark.usefixtures("s3")
async def test_a_picture_is_sent_plainly(make_storage: MakeStorage, endpoint_url: str) -> None:
    storage = make_storage(endpoint_url=endpoint_url)
    sent: list[str] = []
    storage._client.meta.events.register(
        "before-send.s3", lambda request, **_: sent.extend(request.headers)
    )

    await storage.put(PICTURE, b"picture")

    names = " ".join(sent).lower()
    assert "x-amz-content-sha256" in names
    assert "checksum" not in names
    assert "trailer" not in names


@pytest.mark.parametrize(
    ("changed", "url"),
    [
        ({}, f"https://{BUCKET}.s3.us-east-1.amazonaws.com/profile_pics/{PICTURE}"),
        (
            {"bucket": "pics", "region": "eu-central-1"},
            f"https://pics.s3.eu-central-1.amazonaws.com/profile_pics/{PICTURE}",
        ),
        (
            {"endpoint_url": "http://minio:9000"},
            f"https://{BUCKET}.s3.us-east-1.amazonaws.com/profile_pics/{PICTURE}",
        ),
        (
            {"public_url": "https://cdn.example.com"},
            f"https://cdn.example.com/profile_pics/{PICTURE}",
        ),
        (
            {"public_url": "https://cdn.example.com/blog/"},
            f"https://cdn.example.com/blog/profile_pics/{PICTURE}",
        ),
    ],
    ids=["amazon", "another-region", "another-server", "cdn", "cdn-with-a-path"],
)
async def test_the_public_finds_a_picture(
    make_storage: MakeStorage, changed: dict[str, str], url: str
) -> None:
    assert make_storage(**changed).url(PICTURE) == url


async def test_a_server_that_refuses_the_connection_is_unavailable(
    make_storage: MakeStorage, unused_port: int
) -> None:
    storage = make_storage(endpoint_url=f"http://127.0.0.1:{unused_port}")

    with pytest.raises(StorageUnavailable):
        await storage.put(PICTURE, b"picture")


async def test_a_picture_is_sent_twice_at_most(make_storage: MakeStorage, unused_port: int) -> None:
    storage = make_storage(endpoint_url=f"http://127.0.0.1:{unused_port}")
    sent = requests_of(storage)

    with pytest.raises(StorageUnavailable):
        await storage.put(PICTURE, b"picture")

    assert sent == ["PUT", "PUT"]


@pytest.mark.parametrize("act", ["put", "delete"])
async def test_a_missing_bucket_is_a_storage_that_is_unavailable(
    make_storage: MakeStorage, endpoint_url: str, act: str
) -> None:
    lost = make_storage(bucket="no-such-bucket", endpoint_url=endpoint_url)

    with pytest.raises(StorageUnavailable):
        await (lost.put(PICTURE, b"picture") if act == "put" else lost.delete(PICTURE))


@pytest.mark.parametrize(
    "code", ["AccessDenied", "InvalidAccessKeyId", "SlowDown", "InternalError"]
)
async def test_a_refusal_is_a_storage_that_is_unavailable(
    storage: S3ImageStorage, code: str
) -> None:
    with Stubber(storage._client) as stub:
        stub.add_client_error("put_object", service_error_code=code, http_status_code=503)

        with pytest.raises(StorageUnavailable):
            await storage.put(PICTURE, b"picture")


async def test_deleting_what_is_gone_is_no_error_where_the_server_says_so(
    storage: S3ImageStorage,
) -> None:
    with Stubber(storage._client) as stub:
        stub.add_client_error("delete_object", service_error_code="NoSuchKey", http_status_code=404)

        await storage.delete(PICTURE)

        stub.assert_no_pending_responses()


async def test_what_speaks_no_s3_is_unavailable(make_storage: MakeStorage) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 400 What\r\nContent-Length: 5\r\n\r\n<html")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        storage = make_storage(endpoint_url=f"http://127.0.0.1:{port}")

        with pytest.raises(StorageUnavailable):
            await storage.put(PICTURE, b"picture")


async def test_a_server_that_never_answers_is_unavailable_when_the_time_is_over(
    make_storage: MakeStorage,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        storage = make_storage(endpoint_url=f"http://127.0.0.1:{port}", timeout=0.3)
        sent = requests_of(storage)

        with pytest.raises(StorageUnavailable):
            await storage.put(PICTURE, b"picture")

        assert sent == ["PUT"]  # the client would have tried again


async def test_to_wait_for_a_thread_takes_of_that_time(
    make_storage: MakeStorage, workers: Workers, unused_port: int
) -> None:
    storage = make_storage(endpoint_url=f"http://127.0.0.1:{unused_port}", timeout=0.1)
    sent = requests_of(storage)
    opened = Event()
    held = [asyncio.create_task(workers.run(opened.wait, 10)) for _ in range(workers.threads)]
    await asyncio.sleep(0)

    with pytest.raises(StorageUnavailable):
        await storage.put(PICTURE, b"picture")

    opened.set()
    await asyncio.gather(*held)
    assert sent == []


async def test_many_pictures_at_once_are_stored_through_one_client(
    storage: S3ImageStorage, s3: S3Client
) -> None:
    names = [f"{number:032x}.jpg" for number in range(64)]

    await asyncio.gather(*(storage.put(name, name.encode()) for name in names))

    found = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert {entry["Key"] for entry in found} == {f"profile_pics/{name}" for name in names}
