"""Who calls: the number of an announced call, and the name of a caller who is on file."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from django.http import QueryDict
from django.utils.translation import gettext

from amends.apps.cases.actions.reveal import reveal_field
from amends.apps.cases.calls import take_call
from amends.apps.cases.facts import pack_of
from amends.apps.cases.queries import Viewer, actor_of, visible_case
from amends.apps.policies.models import Desk
from amends.core.policy.pack import Pack
from amends.core.refusals import Refusal
from amends.core.roles import has_right
from amends.web.viewing import zone_of

IDENTITY = ("complainant_name", "complainant_phone", "complainant_email", "complainant_address")
REASON = "来电核对身份"


def taken_call(post: QueryDict, desks: dict[Desk, Pack], *, now: datetime) -> tuple[QueryDict, str]:
    """The form with the number of the call that the page was opened for, and what to say of it."""
    secret = post.get("_call", "")
    if not secret:
        return post, ""
    call = take_call(secret, now=now)
    if call is None or call.desk not in desks:
        return post, gettext("这通来电已由他人接起，或已超过 5 分钟，请手工填写号码。")
    post = post.copy()
    post["complainant_phone"] = post.get("complainant_phone") or call.phone
    post["caller_number"] = call.phone
    post["call_began_at"] = f"{call.created_at.astimezone(zone_of(desks[call.desk])):%Y-%m-%dT%H:%M}"
    line = gettext("（线路：%(line)s）") % {"line": call.line} if call.line else ""
    return post, gettext("来电号码已填入%(line)s。") % {"line": line}


def with_known_caller(post: QueryDict, viewer: Viewer) -> QueryDict:
    """The form with what is on file of a caller who was recognised by an earlier case; typed values stay.

    Who they are is revealed under the right for it and noted with the case, as on its page.
    """
    number = post.get("_caller", "")
    if not number:
        return post
    case = visible_case(viewer, number)
    actor = actor_of(viewer, case)
    post = post.copy()
    if not has_right(pack_of(case), actor, "reveal"):
        return post
    for field in (name for name in IDENTITY if not post.get(name)):
        with suppress(Refusal):
            post[field] = reveal_field(case, field, reason=REASON, by=viewer.person, roles=actor.roles, now=viewer.now)
    return post
