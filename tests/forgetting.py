"""A test's rows vanish with its transaction, so what is kept of them elsewhere has to go as well: in memory, and anchors."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation

from amends.apps import kept
from amends.apps.ledger.checkpoints import anchor_file
from amends.apps.policies import queries as policies
from amends.apps.policies.queries import forget_what_is_kept_in_memory


@pytest.fixture(autouse=True)
def nothing_is_kept_from_the_test_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # What is looked up again every few seconds would be counted among the queries of a page, now and then.
    monkeypatch.setattr(policies, "LOOKED_UP_FOR", 3600.0)
    monkeypatch.setattr(kept, "KEPT_FOR", 3600.0)
    forget_what_is_kept_in_memory()
    kept.forget_what_is_kept()
    # An anchor of rows that were rolled back would rightly be taken for a wiped ledger.
    anchor_file(settings.ANCHOR_URL).unlink(missing_ok=True)
    # A request leaves its language switched on in the thread.
    translation.activate(settings.LANGUAGE_CODE)
    yield
    forget_what_is_kept_in_memory()
    kept.forget_what_is_kept()
