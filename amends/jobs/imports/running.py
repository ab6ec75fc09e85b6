"""Running an import: batch by batch, each in one transaction that also says how far the import has come."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from amends.apps.cases.actions.take_over import MOST_AT_ONCE, Fate, Judged, TakeOver, fates_of, store_old_cases
from amends.apps.cases.models import ImportJob
from amends.apps.people.directory import caller_for
from amends.apps.people.models import Person
from amends.apps.policies.models import Desk
from amends.apps.policies.queries import open_desks, pack_in_force
from amends.core.refusals import NotPermitted
from amends.core.verbs import TAKE_OVER
from amends.jobs.imports.encodings import READ_AT_ONCE, ImportRefused
from amends.jobs.imports.judging import Task, Verdicts, judged_batches
from amends.jobs.imports.mapping import Mapping
from amends.jobs.imports.report import Refused, Report, as_before_the_report
from amends.jobs.imports.tables import Row, Table, open_table

WORTH_A_PROCESS = 3_000
"""Rows from which a second process pays for its start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be imported, and how. Without `job` its name follows from source, file and mapping."""

    file: Path
    mapping: Mapping
    now: datetime
    by: str = ""
    job: str = ""
    encoding: str | None = None
    report: Path | None = None
    dry_run: bool = False
    processes: int = 2
    progress: Callable[[int], Any] = field(default=lambda rows: None)


@dataclass(slots=True)
class Summary:
    """What an import did, from its first start on. `refused` rows stand in the report."""

    job: str
    encoding: str
    dry_run: bool
    rows: int = 0
    taken_over: int = 0
    already_there: int = 0
    refused: int = 0
    report: str = ""
    continued_at: int = 0

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def run_import(order: Order) -> Summary:
    """Import a file, or the rest of it when the same job was broken off before.

    Refuses ImportRefused before anything is stored: for a mapping that does not fit the file or the policy, a job begun
    with another file or mapping, and a person without the right to take cases over.
    """
    found = open_table(
        order.file, encoding=order.encoding or order.mapping.encoding, delimiter=order.mapping.delimiter,
        sheet=order.mapping.sheet,
    )  # fmt: skip
    table = as_before_the_report(found)
    if problems := order.mapping.problems_with(table.header):
        raise ImportRefused("\n".join(problems))
    task = _task(order, table)
    context = task.context()
    _check_mapping(order.mapping, context)
    return _Run(order, table, task, context).whole()


def _task(order: Order, table: Table) -> Task:
    desk = open_desks().filter(code=order.mapping.desk).first()
    if desk is None:
        raise ImportRefused(_("没有名为“%(desk)s”的受理台。") % {"desk": order.mapping.desk})
    pack = pack_in_force(desk, order.now)
    username = order.by or order.mapping.by
    person = Person.objects.filter(username=username, is_active=True).first()
    if person is None:
        may = ", ".join(_who_may(desk, [name for name, role in pack.roles.roles.items() if TAKE_OVER in role.may]))
        raise ImportRefused(_("请用 --by 写明由谁接管（登录名）。这个受理台上可以接管的有：%(may)s。") % {"may": may})
    return Task(order.mapping, table.header, desk.pk, caller_for(person, desk, pack, order.now), order.now)


def _who_may(desk: Desk, roles: list[str]) -> list[str]:
    people = Person.objects.filter(memberships__desk=desk, memberships__role__in=roles, is_active=True)
    return list(people.order_by("username").values_list("username", flat=True).distinct()[:10])


def _check_mapping(mapping: Mapping, context: TakeOver) -> None:
    """Faults that would make every row bad are said once, before the first row."""
    try:
        context.check()
    except NotPermitted as refusal:
        raise ImportRefused(_("这个人没有接管历史个案的权限。")) from refusal
    pack, found = context.pack, []
    known = {"kind": list(pack.channels.kinds), "channel": list(pack.channels.channels), "state": context.states()}
    for name, choices in known.items():
        value = getattr(mapping, name)
        given = {value.constant, value.otherwise, *(value.values or {}).values()} - {None, ""}
        params = {"key": name, "choices": ", ".join(choices)}
        found += [
            _("%(key)s：制度中没有“%(value)s”；可用的有：%(choices)s。") % {**params, "value": one}
            for one in sorted(given - set(choices))
        ]
    kinds = {mapping.kind.constant or "", mapping.kind.otherwise or "", *(mapping.kind.values or {}).values()}
    for kind in sorted(kinds & set(pack.channels.kinds)):
        form = context.form_of(kind)
        unknown = sorted(set(mapping.fields) - {f.id for f in form.fields})
        found += [_("表单 %(form)s 没有“%(name)s”这一项。") % {"form": form.id, "name": name} for name in unknown]
    if found:
        raise ImportRefused("\n".join(found))


class _Run:
    """One pass over the file."""

    def __init__(self, order: Order, table: Table, task: Task, context: TakeOver) -> None:
        self.order, self.table, self.task, self.context = order, table, task, context
        self.job = self._job()
        self.is_repeated = self.job.finished_at is not None
        self.report_path = order.report or settings.VAR_DIR / "imports" / f"{_file_name(self.job.key)}.refused.csv"
        if self.is_repeated or not self._report_is_there():
            self._begin_again()
        self.seen: dict[str, int] = {}
        self.continued_at = self.job.rows_done

    def whole(self) -> Summary:
        report = Report(self.report_path, self.table.header, keep_bytes=self.job.report_bytes)
        try:
            rows = islice(self.table.rows(), self.job.rows_done, None)
            self.order.progress(self.job.rows_done)
            processes = self.order.processes if self.table.size >= WORTH_A_PROCESS else 1
            for verdicts in judged_batches(self.task, _batches(rows), processes=processes):
                self._store(verdicts, report)
                self.order.progress(len(verdicts))
            self._finish()
        finally:
            report.close()
        return self._summary()

    def _job(self) -> ImportJob:
        digests = {
            "file_digest": _digest_of(self.order.file),
            "mapping_digest": _text_digest(self.order.mapping.as_text()),
        }
        usual = f"{self.order.mapping.source}-{digests['file_digest'][:12]}-{digests['mapping_digest'][:8]}"
        key = self.order.job or usual
        if self.order.dry_run:
            return ImportJob(key=key, **digests, started_at=self.order.now)
        job, _is_new = ImportJob.objects.get_or_create(key=key, defaults={**digests, "started_at": self.order.now})
        if any(getattr(job, name) != value for name, value in digests.items()):
            raise ImportRefused(_("任务“%(key)s”是用另一个文件或对照文件开始的；请换一个 --job。") % {"key": key})
        return job

    def _report_is_there(self) -> bool:
        wanted = self.job.report_bytes
        return not wanted or (self.report_path.is_file() and self.report_path.stat().st_size >= wanted)

    def _begin_again(self) -> None:
        """Count from the first row: what is there already stays as it is."""
        for name in ("rows_done", "taken_over", "already_there", "refused", "report_bytes"):
            setattr(self.job, name, 0)

    def _store(self, verdicts: Verdicts, report: Report) -> None:
        judged = [verdict for _row, verdict in verdicts if isinstance(verdict, Judged)]
        if self.order.dry_run:
            fates = self._fates_without_storing(judged)
            report.add(self._refused(verdicts, fates))
            self._count(verdicts, fates)
            return
        before = self.job.rows_done
        with transaction.atomic():
            fates = store_old_cases(judged, context=self.context)
            self.job.report_bytes = report.add(self._refused(verdicts, fates))
            self._count(verdicts, fates)
            if not self.is_repeated:
                self._move_on(before)

    def _move_on(self, before: int) -> None:
        counted = ("rows_done", "taken_over", "already_there", "refused", "report_bytes")
        values = {name: getattr(self.job, name) for name in counted}
        stored = ImportJob.objects.filter(pk=self.job.pk, rows_done=before, finished_at=None)
        if not stored.update(**values):
            raise ImportRefused(_("另一个进程正在运行任务“%(key)s”。") % {"key": self.job.key})

    def _count(self, verdicts: Verdicts, fates: list[Fate]) -> None:
        counts = Counter(fates)
        self.job.rows_done += len(verdicts)
        self.job.taken_over += counts[Fate.TAKEN_OVER]
        self.job.already_there += counts[Fate.ALREADY_THERE]
        self.job.refused += len(verdicts) - counts[Fate.TAKEN_OVER] - counts[Fate.ALREADY_THERE]

    def _fates_without_storing(self, judged: list[Judged]) -> list[Fate]:
        """What would become of them, also where the file itself repeats a number."""
        fates = fates_of(judged, source=self.context.source)
        for place, one in enumerate(judged):
            if fates[place] is not Fate.TAKEN_OVER:
                continue
            said = hash(one.text)
            if one.number in self.seen:
                fates[place] = Fate.ALREADY_THERE if self.seen[one.number] == said else Fate.DIFFERS
            self.seen.setdefault(one.number, said)
        return fates

    def _refused(self, verdicts: Verdicts, fates: list[Fate]) -> list[Refused]:
        waiting = iter(fates)
        found = []
        for row, verdict in verdicts:
            if isinstance(verdict, Refused):
                found.append(verdict)
            elif next(waiting) is Fate.DIFFERS:
                reason = _("原编号“%(number)s”已经接管过，内容与这一行不同；没有改动。") % {"number": verdict.number}
                found.append(Refused(row.line, row.cells, [("number", reason)]))
        return found

    def _finish(self) -> None:
        if self.order.dry_run or self.is_repeated:
            return
        ImportJob.objects.filter(pk=self.job.pk).update(finished_at=self.order.now)

    def _summary(self) -> Summary:
        return Summary(
            job=self.job.key, encoding=self.table.encoding, dry_run=self.order.dry_run, rows=self.job.rows_done,
            taken_over=self.job.taken_over, already_there=self.job.already_there, refused=self.job.refused,
            report=str(self.report_path), continued_at=self.continued_at,
        )  # fmt: skip


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while batch := list(islice(rows, MOST_AT_ONCE)):
        yield batch


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(READ_AT_ONCE), b""):
            digest.update(block)
    return digest.hexdigest()


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _file_name(key: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in key)
