"""Files of a page that are too big or too many are refused while they arrive, and everything else is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in: the control it came with, its name, and whether there were too many."""

    control: str
    name: str
    is_one_too_many: bool


class UploadLimits(FileUploadHandler):
    """Drops a file as soon as it is larger than a whole message may be, and every file beyond the most that one takes.

    Nothing of a dropped file is stored. Where the request itself is far too large, the rest of it is not read at all: what
    stands before the file is kept.
    """

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.files = self.seen = self.length = 0

    def handle_raw_input(self, input_data: Any, *args: Any, **kwargs: Any) -> None:
        self.length = int(args[1] if len(args) > 1 else kwargs.get("content_length", 0))

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.files, self.seen = self.files + 1, 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        # Not before the first bytes: until then the handlers behind this one still hold the file that came before.
        if self.files > settings.EVIDENCE_FILES_PER_MESSAGE:
            self._refuse(is_one_too_many=True)
            raise SkipFile
        self.seen += len(raw_data)
        if self.seen > settings.EVIDENCE_MESSAGE_BYTES:
            self._refuse(is_one_too_many=False)
            if self.length > settings.LARGEST_READ_BYTES:
                raise StopUpload(connection_reset=True)
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self, *, is_one_too_many: bool) -> None:
        request: Any = self.request
        refused = getattr(request, "refused_uploads", [])
        refused.append(Refused(str(self.field_name), str(self.file_name), is_one_too_many))
        request.refused_uploads = refused


def refused_uploads(request: HttpRequest, control: str) -> list[Refused]:
    """The files of a control that were dropped while they arrived."""
    return [one for one in getattr(request, "refused_uploads", []) if one.control == control]
