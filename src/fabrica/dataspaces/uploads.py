"""Refuses a request that is too large before any of it is written to the disk.

Django bounds what it keeps in memory, not what it streams into temporary files; the settings name this handler first.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from fabrica.kit.errors import Refused
from fabrica.kit.units import size

AROUND_BYTES = 10_000_000  # headers and fields around the files


class TooLarge(Refused, RequestDataTooBig):
    """A request larger than a version may be. The API tells it as 413, a page as a bad request."""

    status = 413


class Bounded(FileUploadHandler):
    """Looks at the announced length alone, which no server reads beyond; leaves the files to the next handler."""

    def handle_raw_input(self, *args: Any, **_named: Any) -> None:
        """Called with the input, its headers, its length, and more. Raises TooLarge."""
        content_length = int(args[2])
        most = settings.FABRICA_UPLOAD_LIMIT_BYTES
        if content_length > most + AROUND_BYTES:
            raise TooLarge(
                f"This upload has {size(content_length)}; the limit of a version is {size(most)}.",
                todo="Publish it as several datasets, or ask the site's operator to raise the limit.",
            )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002 - Django's signature
        """Passes it on."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keeps nothing."""
