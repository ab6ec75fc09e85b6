"""The files that were handed in with a proceeding: by name, each with the way to open it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse

from amends.apps.cases.models import EvidenceFile
from amends.apps.cases.proceeding_models import Proceeding
from amends.apps.cases.timeline import Entry, ShownValue
from amends.web.case.gallery import all_versions, shown_files
from amends.web.case.seeing import CaseView


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file and where it opens: a page with pictures of it, else its download."""

    name: str
    address: str
    is_page: bool


def with_files_named(
    entries: list[Entry], proceeding: Proceeding, files: Callable[[], Iterable[EvidenceFile]], behind: CaseView | None
) -> list[Entry]:
    """The entries with every file that the viewer may open named; of what they may not, the count stays.

    `files` are those of the proceeding that the viewer may see, `behind` is the case of the proceeding as the viewer sees it, if they do. A page about a proceeding without files asks
    nothing of the database.
    """
    if not any(_files_in(value) for entry in entries for value in entry.values):
        return entries
    known = {**_on_proceeding(proceeding, files()), **(_on_case(behind) if behind else {})}
    return [entry._replace(values=tuple(_named(value, known) for value in entry.values)) for entry in entries]


def _files_in(value: ShownValue) -> bool:
    return bool(value.files) or (value.kind == "rows" and any(cell.files for row in value.value for cell in row))


def _on_proceeding(proceeding: Proceeding, files: Iterable[EvidenceFile]) -> dict[UUID, NamedFile]:
    return {
        file.pk: NamedFile(file.name, reverse("proceeding_file", args=[proceeding.pk, file.pk]), False)
        for file in files
    }


def _on_case(seen: CaseView) -> dict[UUID, NamedFile]:
    files = (shown.file for shown in all_versions(shown_files(seen)))
    return {file.pk: NamedFile(file.name, reverse("look", args=[seen.case.number, file.pk]), True) for file in files}


def _named(value: ShownValue, known: Mapping[UUID, NamedFile]) -> ShownValue:
    if value.kind == "rows":
        return value._replace(value=[[_named(cell, known) for cell in row] for row in value.value])
    found = list(_known_among(value.files, known))
    if not found or len(found) < len(value.files):
        return value
    return value._replace(kind="named_files", value=found)


def _known_among(files: Iterable[str], known: Mapping[UUID, NamedFile]) -> Iterator[NamedFile]:
    return (known[file] for file in map(UUID, files) if file in known)
