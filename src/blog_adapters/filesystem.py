"""Profile pictures in a folder of this machine."""

import re
from pathlib import Path

from blog_adapters.files import write_whole
from blog_adapters.workers import Workers
from blog_core.errors import StorageUnavailable

_FOLDER = "profile_pics"
_IMAGE_FILE = re.compile(r"[0-9a-f]{32}\.jpg")


class FolderImageStorage:
    """Keeps pictures in `profile_pics` under a folder that the web server makes public.

    Args:
        folder: where to keep them; made when it is missing.
        workers: the threads that touch the disk.
        public_url: what the folder is called on the web.
    """

    def __init__(self, folder: Path, *, workers: Workers, public_url: str = "/media") -> None:
        self._folder = folder / _FOLDER
        self._workers = workers
        self._public_url = public_url.rstrip("/")

    async def put(self, image_file: str, data: bytes) -> None:
        """Store a JPEG under this name.

        Raises:
            StorageUnavailable, Busy
            ValueError: the name is not 32 hexadecimal digits and `.jpg`.
        """
        path = self._path(image_file)
        try:
            await self._workers.run(write_whole, path, data)
        except OSError as error:
            raise StorageUnavailable from error

    async def delete(self, image_file: str) -> None:
        """Delete a picture; one that is gone is no error.

        Raises:
            StorageUnavailable, Busy
            ValueError: the name is not 32 hexadecimal digits and `.jpg`.
        """
        path = self._path(image_file)
        try:
            await self._workers.run(path.unlink, missing_ok=True)
        except OSError as error:
            raise StorageUnavailable from error

    def url(self, image_file: str) -> str:
        """Return where the public finds a picture, whether or not it exists."""
        return f"{self._public_url}/{_FOLDER}/{image_file}"

    def _path(self, image_file: str) -> Path:
        # A name with a slash or dots would lead out of the folder.
        if not _IMAGE_FILE.fullmatch(image_file):
            raise ValueError("A picture's name must be 32 hexadecimal digits and .jpg")
        return self._folder / image_file
