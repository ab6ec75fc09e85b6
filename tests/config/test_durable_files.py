"""A file of evidence is whole under its name, or not there at all, and the disk has confirmed it before anything names it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import ContentFile

from amends.config.durable_files import DurableFileStorage


@pytest.fixture
def storage(tmp_path: Path) -> DurableFileStorage:
    return DurableFileStorage(
        location=tmp_path / "files", file_permissions_mode=0o600, directory_permissions_mode=0o700
    )


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_content_and_name_are_confirmed_in_this_order(storage: DurableFileStorage, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    confirm, rename = os.fsync, Path.rename

    def noted_fsync(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        name = Path(f"/proc/self/fd/{handle}").readlink().name
        done.append(f"folder {name}" if is_folder else "content")
        confirm(handle)

    def noted_rename(path: Path, to: Path) -> Path:
        done.append("name")
        return rename(path, to)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "rename", noted_rename)

    assert storage.save("evidence/2026/a", ContentFile(b"recording")) == "evidence/2026/a"

    # New folders are confirmed by those they lie in, then the content, then its name.
    assert done[-4:] == ["folder evidence", "content", "name", "folder 2026"]
    assert storage.open("evidence/2026/a").read() == b"recording"
    assert stat.S_IMODE(Path(storage.path("evidence/2026/a")).stat().st_mode) == 0o600
    assert stat.S_IMODE(Path(storage.path("evidence/2026")).stat().st_mode) == 0o700


class Broken(ContentFile):
    """Content that breaks off in the middle."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"the first half"
        raise ConnectionError


def test_content_that_breaks_off_leaves_nothing(storage: DurableFileStorage, tmp_path: Path):
    with pytest.raises(ConnectionError):
        storage.save("evidence/a", Broken(b""))

    assert files_below(tmp_path) == []


def test_a_disk_that_does_not_confirm_gives_no_name(storage: DurableFileStorage, tmp_path: Path, monkeypatch):
    def refuse(handle: int) -> None:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        storage.save("evidence/a", ContentFile(b"x"))

    assert files_below(tmp_path) == []


def test_a_name_that_is_taken_is_not_written_over(storage: DurableFileStorage):
    first, second = (storage.save("evidence/a", ContentFile(content)) for content in (b"1", b"2"))

    assert first != second
    assert storage.open(first).read() == b"1"
