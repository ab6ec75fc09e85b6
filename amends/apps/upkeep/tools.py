"""The tools that complaints are handled with, and the connections to other systems: whether each is in use, when it last worked,
and what went wrong last. Everything is read from the tables in which the tools leave their traces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Max, Model, QuerySet

from amends.apps.cases.care_models import GuidanceUse
from amends.apps.cases.models import Case, ImportJob, IncomingCall, PortalKey
from amends.apps.deferred.models import Job
from amends.apps.lists.models import Export
from amends.apps.mail.models import IncomingMail, Mailbox
from amends.apps.messaging.models import WENT_WRONG, DepartmentWay, NoticeWay, OutboxMessage
from amends.apps.people.models import AccessEntry, ApiToken
from amends.apps.reporting.models import DayFact
from amends.apps.surveys.models import Answer
from amends.apps.upkeep.health import last_done, last_sent
from amends.core.policy.pack import Pack

MANAGES = "manage_people"


@dataclass(frozen=True, slots=True)
class Trace:
    """What a tool left behind: whether it is in use, when it last worked, and its last error with the time."""

    is_enabled: bool
    last_use: datetime | None = None
    last_error: str = ""
    failed_at: datetime | None = None
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name in the catalogue, the right whose holders own it (`manage_people` for those of the whole desk), and
    the page on which it is set up.
    """

    name: str
    right: str
    page: str
    trace: Callable[[Iterable[Pack]], Trace]


def catalogue(packs: Iterable[Pack]) -> list[tuple[Tool, Trace]]:
    """Every tool with its trace under the policies in force. Source: EXP-10.2.1"""
    known = list(packs)
    return [(tool, tool.trace(known)) for tool in TOOLS]


def owners_of(tool: Tool, pack: Pack) -> list[str]:
    """The roles of a policy that own a tool: those with its right."""
    return [name for name, role in pack.roles.roles.items() if tool.right in role.may]


def _newest(table: type[Model], field: str, *, by: str = "-pk") -> datetime | None:
    """The time of the row written last, however many there are: rows are numbered as they are written."""
    found: datetime | None = table._default_manager.order_by(by).values_list(field, flat=True).first()
    return found


def _last(rows: QuerySet[Any] | type[Model], field: str) -> datetime | None:
    queryset = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    found: datetime | None = queryset.aggregate(last=Max(field))["last"]
    return found


def _forms(packs: Iterable[Pack]) -> Trace:
    return Trace(any(pack.forms for pack in packs), _newest(Case, "registered_at", by="-chain_id"))


def _telephone(packs: Iterable[Pack]) -> Trace:
    """A telephone system announces calls with a token; a call that nobody took is no error."""
    last = _last(IncomingCall, "created_at")
    may_announce = ApiToken.objects.filter(person__is_machine=True, revoked_at=None).exists()
    return Trace(last is not None or may_announce, last)


def _online(packs: Iterable[Pack]) -> Trace:
    offered = any(
        channel.portal and not channel.retired for pack in packs for channel in pack.channels.channels.values()
    )
    return Trace(offered, _newest(PortalKey, "created_at"))


def _mail_in(packs: Iterable[Pack]) -> Trace:
    boxes = Mailbox.objects.filter(closed_at=None)
    failing = boxes.filter(failing_since__isnull=False).order_by("failing_since").first()
    return Trace(
        boxes.exists(), _last(IncomingMail, "arrived_at"), failing.error if failing else "",
        failing.failing_since if failing else None, boxes.filter(failing_since__isnull=False).count(),
    )  # fmt: skip


def sent_by(channel: str) -> Trace:
    """What left by a channel of the outbox, what waits there, and what the last attempt said that went wrong."""
    rows, State = OutboxMessage.objects.filter(channel=channel), OutboxMessage.State  # noqa: N806
    wrong = rows.filter(WENT_WRONG).order_by("-attempted_at", "-pk").first()
    return Trace(
        bool(urlsplit(settings.MAIL_URL if channel == "email" else settings.SMS_URL).scheme), last_sent(channel),
        wrong.error if wrong else "", wrong.attempted_at if wrong else None,
        rows.filter(state__in=(State.FAILED, State.UNKNOWN)).count(),
        rows.filter(state__in=(State.WAITING, State.SENDING)).count(),
    )  # fmt: skip


def _robots(packs: Iterable[Pack]) -> Trace:
    columns = ("carried_at", "error")
    ways = [
        *NoticeWay.objects.exclude(kind="email").values_list(*columns),
        *DepartmentWay.objects.values_list(*columns),
    ]
    errors = [error for _, error in ways if error]
    last = max((carried_at for carried_at, _ in ways if carried_at), default=None)
    return Trace(bool(ways), last, errors[0] if errors else "", failed=len(errors))


def _surveys(packs: Iterable[Pack]) -> Trace:
    return _with_jobs(
        Trace(any(pack.surveys.questionnaires for pack in packs), _newest(Answer, "answered_at")), "run_survey_plans"
    )


def _analysis(packs: Iterable[Pack]) -> Trace:
    used = last_done("look_for_warnings", "look_ahead")
    trace = Trace(DayFact.objects.exists() or any(pack.kpis.indicators for pack in packs), used)
    return _with_jobs(trace, "look_for_warnings", "look_ahead")


def _knowledge(packs: Iterable[Pack]) -> Trace:
    used = [_newest(GuidanceUse, "at"), _last(AccessEntry.objects.filter(action="search"), "at")]
    return Trace(any(pack.guidance for pack in packs), max((moment for moment in used if moment), default=None))


def _exports(packs: Iterable[Pack]) -> Trace:
    wrong = Export.objects.filter(state=Export.State.FAILED)
    trace = Trace(
        True, _last(Export.objects.filter(state=Export.State.READY), "created_at"), failed=wrong.count(),
        failed_at=_last(wrong, "created_at"),
    )  # fmt: skip
    return _with_jobs(trace, "make_export")


def _imports(packs: Iterable[Pack]) -> Trace:
    return Trace(True, _last(ImportJob, "finished_at"))


def _api(packs: Iterable[Pack]) -> Trace:
    living = ApiToken.objects.filter(revoked_at=None)
    return Trace(living.exists(), _last(ApiToken, "last_used_at"))


def _with_jobs(trace: Trace, *kinds: str) -> Trace:
    """The trace with the last error of the jobs that do the tool's work, and how many of them were given up."""
    wrong = Job.objects.filter(kind__in=kinds).exclude(error="").order_by("-id").first()
    if wrong is None:
        return trace
    parked = Job.objects.filter(kind__in=kinds, state=Job.State.PARKED).count()
    return Trace(trace.is_enabled, trace.last_use, wrong.error, wrong.created_at, trace.failed + parked, trace.waiting)


TOOLS = (
    Tool("forms", "register", "policies", _forms),
    Tool("telephone", MANAGES, "people", _telephone),
    Tool("online", MANAGES, "organisation", _online),
    Tool("mail_in", MANAGES, "mailboxes", _mail_in),
    Tool("mail_out", "sent_messages", "sent", lambda packs: sent_by("email")),
    Tool("texts", "sent_messages", "sent", lambda packs: sent_by("sms")),
    Tool("robots", MANAGES, "organisation", _robots),
    Tool("surveys", "surveys", "surveys", _surveys),
    Tool("analysis", "warnings", "outlook", _analysis),
    Tool("knowledge", "search_archive", "archive", _knowledge),
    Tool("exports", "export", "export", _exports),
    Tool("imports", "take_over", "policies", _imports),
    Tool("api", MANAGES, "people", _api),
)
INTEGRATIONS = ("telephone", "online", "mail_in", "mail_out", "texts", "robots", "imports", "exports", "api")
"""The tools that join the system to others."""
