"""Mistakes in what stores pictures and what makes them."""

from blog_adapters.memory import MemoryImages, MemoryImageStorage
from blog_adapters.memory.parts import _size
from blog_core.errors import InvalidImage
from sabotage.saboteur import saboteur


@saboteur("STORAGE-01", also="STORAGE-02 03")
class StoresThePictureUnderTheClientsFileName(MemoryImageStorage):
    async def put(self, image_file: str, data: bytes) -> None:
        await super().put("me.jpg", data)


@saboteur("STORAGE-01")
class TakesAPictureForText(MemoryImageStorage):
    async def put(self, image_file: str, data: bytes) -> None:
        await super().put(image_file, data.decode(errors="replace").encode())


@saboteur("STORAGE-02")
class KeepsTheFirstPicture(MemoryImageStorage):
    async def put(self, image_file: str, data: bytes) -> None:
        self.pictures.setdefault(image_file, data)


@saboteur("STORAGE-02")
class AppendsToAPicture(MemoryImageStorage):
    async def put(self, image_file: str, data: bytes) -> None:
        await super().put(image_file, self.pictures.get(image_file, b"") + data)


@saboteur("STORAGE-03")
class KeepsAnObjectAfterDelete(MemoryImageStorage):
    async def delete(self, image_file: str) -> None:
        pass


@saboteur("STORAGE-03")
class DeletesTheWholeFolder(MemoryImageStorage):
    async def delete(self, image_file: str) -> None:
        self.pictures.clear()


@saboteur("STORAGE-04")
class CannotDeleteWhatIsGone(MemoryImageStorage):
    async def delete(self, image_file: str) -> None:
        del self.pictures[image_file]


@saboteur("STORAGE-05")
class SignsItsAddresses(MemoryImageStorage):
    def url(self, image_file: str) -> str:
        return f"{super().url(image_file)}?signature=0"


@saboteur("STORAGE-05")
class GivesAllPicturesOneAddress(MemoryImageStorage):
    def url(self, image_file: str) -> str:
        return super().url("0123456789abcdef0123456789abcdef.jpg")


@saboteur("IMAGES-01")
class RefusesGifs(MemoryImages):
    async def profile_picture(self, upload: bytes) -> bytes:
        if upload.startswith(b"GIF"):
            raise InvalidImage
        return await super().profile_picture(upload)


@saboteur("IMAGES-01")
class CountsMegapixelsInPowersOf2(MemoryImages):
    async def profile_picture(self, upload: bytes) -> bytes:
        width, height = _size(upload)
        if width * height > 23 * 2**20:
            raise InvalidImage
        return await super().profile_picture(upload)


@saboteur("IMAGES-02")
class LooksAtTheFirstBytesOnly(MemoryImages):
    async def profile_picture(self, upload: bytes) -> bytes:
        if upload.startswith(b"\xff\xd8\xff"):
            upload += b"\xff\xd9"
        return await super().profile_picture(upload)


@saboteur("IMAGES-02")
class LetsAnyErrorOfItsLibraryEscape(MemoryImages):
    async def profile_picture(self, upload: bytes) -> bytes:
        if not upload:
            raise OSError("cannot identify image file")
        return await super().profile_picture(upload)


@saboteur("IMAGES-03")
class CarriesTheUploadAlong(MemoryImages):
    async def profile_picture(self, upload: bytes) -> bytes:
        return await super().profile_picture(upload) + upload
