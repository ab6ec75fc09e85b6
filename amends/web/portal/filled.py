"""Forms of a pack at the portal: what customers may fill in, drawn, read and kept when something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext

from amends.apps.cases.evidence import MEGABYTE, rules_of
from amends.apps.cases.models import EvidenceFile
from amends.core.facts import CaseFacts
from amends.core.form_data import Entered, Reading, read_form
from amends.core.policy.forms import Form
from amends.core.policy.pack import Pack
from amends.core.refusals import InvalidData
from amends.core.roles import complainant_roles
from amends.doors.wording import faults
from amends.web.forms import DrawnForm, Posted, draw, posted
from amends.web.forms.drawing import Drawing
from amends.web.forms.posted import is_redraw, without_blank_rows
from amends.web.forms.uploads import kept_uploads, take_uploads
from amends.web.portal.asking import as_customers_are_asked
from amends.web.viewing import zone_of


@dataclass(slots=True)
class Filled:
    """One form for customers in one request: what was typed, which files came, and what is wrong so far.

    `roles` are those of who fills it in, a complainant's where they are left out. `content` is what was typed; left out, it is what the request posted. With `takes_files`, files that came with the
    request are taken in.
    """

    request: HttpRequest
    pack: Pack
    form: Form
    facts: CaseFacts
    owner: str
    now: datetime
    content: QueryDict | None = None
    takes_files: bool = True
    roles: frozenset[str] | None = None
    entered: Posted = field(init=False)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        typed = self.request.POST if self.content is None else self.content
        self.entered = posted(self.form, typed, several=self._several())
        if self.takes_files and self.request.method == "POST":
            self.errors = take_uploads(self.request, self.form, self.pack, self.entered, owner=self.owner, now=self.now)
            self._check_files()

    def _several(self) -> frozenset[str]:
        several = {scheme.id for scheme in self.pack.categories.schemes if scheme.several}
        return frozenset(f.id for f in self.form.fields if f.type == "category" and f.scheme in several)

    def _check_files(self) -> None:
        """No more files, and no more of them in all, than the desk takes in one message."""
        rules = rules_of(self.pack)
        files = list(self.uploads().values())
        name = next((f.id for f in self.form.fields if f.type == "files"), "")
        if len(files) > rules.max_files:
            sentence = gettext("一次最多提交 %(limit)s 个文件，现在有 %(count)s 个，请去掉一些。")
            self.add_error(name, sentence % {"limit": rules.max_files, "count": len(files)})
        if sum(file.size for file in files) > rules.max_message_mb * MEGABYTE:
            sentence = gettext("所有文件合计不能超过 %(limit)s MB，请去掉一些，或通过热线以其他方式提交。")
            self.add_error(name, sentence % {"limit": rules.max_message_mb})

    def add_error(self, place: str, sentence: str) -> None:
        self.errors.setdefault(place, []).append(sentence)

    def uploads(self) -> Mapping[str, EvidenceFile]:
        return kept_uploads(self.form, self.entered, owner=self.owner)

    @property
    def data(self) -> dict[str, Any]:
        """What was filled in, as forms are read."""
        return without_blank_rows(self.entered.data)

    def read(self) -> Entered:
        """The form as it would be understood, with every fault."""
        return read_form(self.form, self.data, self._reading)

    @property
    def _reading(self) -> Reading:
        return Reading(pack=self.pack, facts=self.facts, now=self.now, local_zone=zone_of(self.pack))

    def check(self) -> dict[str, list[str]]:
        """Every fault by its field, in the words in which customers are asked."""
        for place, sentences in faults(InvalidData(self.read().errors)).items():
            for sentence in sentences:
                self.add_error(place, sentence)
        return self.errors

    @property
    def is_redraw(self) -> bool:
        return is_redraw(self.request.POST)

    def drawn(self, *, is_new: bool = False) -> DrawnForm:
        """The form with everything typed and every fault at its field."""
        what = Drawing(
            pack=as_customers_are_asked(self.pack), facts=self.facts, now=self.now, zone=zone_of(self.pack),
            roles=complainant_roles(self.pack) if self.roles is None else self.roles, uploads=self.uploads(), is_new=is_new,
        )  # fmt: skip
        return draw(self.form, what, self.entered, self.errors)

    @property
    def is_fragment(self) -> bool:
        """Whether only the fields are wanted: a condition changed, or a row was added."""
        return self.is_redraw and self.request.headers.get("HX-Request") == "true"
