"""Two people acted on one case: what was typed here beside what was saved meanwhile. Neither overwrites the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amends.apps.cases.timeline import Entry
from amends.web.case.seeing import CaseView
from amends.web.forms.drawing import DrawnForm
from amends.web.forms.standing import as_one_text, typed_in


@dataclass(frozen=True, slots=True)
class Conflict:
    """`typed` are titles with what stands in the form, `saved` what others did since it was opened, the latest first.

    `no_longer` says why the verb can not be done any more; it is empty when it still can.
    """

    typed: Sequence[tuple[str, str]]
    saved: Sequence[Entry]
    no_longer: str

    @property
    def text(self) -> str:
        """What was typed, as one text to take elsewhere."""
        return as_one_text(self.typed)


def conflict_of(seen: CaseView, form: DrawnForm, *, since: int, no_longer: str) -> Conflict:
    """What lies on either side; the viewer reads only what they may read of the case."""
    saved = seen.told([event for event in seen.readable if event.seq > since])
    return Conflict(typed_in(form), saved[::-1], no_longer)
