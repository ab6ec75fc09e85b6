"""What a form that stands under another proceeding takes over from what else stands there, so that nobody types it again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from amends.apps.cases.actions.perform import facts_known
from amends.apps.cases.proceeding_models import Involved, Proceeding
from amends.apps.cases.proceedings.queries import actor_in, proceedings_under
from amends.apps.cases.proceedings.standing import standing_texts
from amends.apps.cases.queries import Viewer
from amends.core.form_data import as_entered, read_moment
from amends.core.policy.forms import TEXT_TYPES, Form
from amends.core.policy.pack import Pack
from amends.core.policy.proceedings import ProceedingKind, TakesOver


def taken_over(
    viewer: Viewer, parent: Proceeding, kind: ProceedingKind, form: Form, *, pack: Pack, zone: ZoneInfo
) -> dict[str, Any]:
    """The values of the form that are known from elsewhere under `parent`; what the reader may not read in clear is left out."""
    rule = kind.takes_over
    source = _source(viewer, parent, rule, pack) if rule else None
    if rule is None or source is None:
        return {}
    return {name: value for name, value in _values(viewer, source, rule, form, pack, zone) if value is not None}


def _source(viewer: Viewer, parent: Proceeding, rule: TakesOver, pack: Pack) -> Proceeding | None:
    """The latest one that the reader takes part in, else the latest that they see; what was withdrawn says nothing."""
    void = pack.proceedings[rule.of].void
    found = [one for one in proceedings_under(viewer, parent) if one.kind == rule.of and one.state not in void]
    own = set(Involved.objects.filter(proceeding__in=found, person=viewer.person).values_list("proceeding", flat=True))
    return max(found, key=lambda one: (one.pk in own, one.begun_at), default=None)


def _values(
    viewer: Viewer, source: Proceeding, rule: TakesOver, form: Form, pack: Pack, zone: ZoneInfo
) -> Iterator[tuple[str, Any]]:
    known, texts, roles = facts_known(source), standing_texts(source.chain), actor_in(viewer, source).roles
    for name, fact in rule.fields.items():
        field, taken_from = form.field(name), pack.fields.get(fact)
        if field is None or taken_from is None:
            continue
        if taken_from.type in TEXT_TYPES:
            yield name, texts.get(fact) if taken_from.is_clear_to(roles) else None
        elif field.type == "date" and taken_from.type == "datetime":
            yield name, _day(known.value(fact), zone)
        else:
            yield name, as_entered(known.value(fact))


def _day(moment: Any, zone: ZoneInfo) -> str | None:
    found = read_moment(moment) if moment else None
    return found.astimezone(zone).date().isoformat() if isinstance(found, datetime) else None
