"""Pictures on disk, spread over 65,536 folders so that none of them grows long."""

import asyncio
import os
import re
from pathlib import Path
from uuid import uuid4

from blog_core.errors import StorageUnavailable

_NAME = re.compile(r"([0-9a-f]{2})([0-9a-f]{2})[0-9a-f]{28}\.jpg")


class ShardedImageStorage:
    """`ImageStorage` that keeps `abcd….jpg` as `ab/cd/abcd….jpg`, on disk and on the web."""

    def __init__(self, folder: Path, *, public_url: str) -> None:
        self._folder = folder
        self._public_url = public_url.rstrip("/")

    async def put(self, image_file: str, data: bytes) -> None:
        path = self._folder / _place(image_file)
        try:
            await asyncio.to_thread(_write_whole, path, data)
        except OSError as error:
            raise StorageUnavailable from error

    async def delete(self, image_file: str) -> None:
        path = self._folder / _place(image_file)
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise StorageUnavailable from error

    def url(self, image_file: str) -> str:
        return f"{self._public_url}/{_place(image_file)}"


def _place(image_file: str) -> str:
    found = _NAME.fullmatch(image_file)
    if found is None:  # it could lead out of the folder
        raise ValueError("A picture's name must be 32 hexadecimal digits and .jpg")
    return f"{found[1]}/{found[2]}/{image_file}"


def _write_whole(path: Path, data: bytes) -> None:
    """Let others see the earlier file or all of this one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{uuid4().hex}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
