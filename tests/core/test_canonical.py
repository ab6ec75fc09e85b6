import datetime as dt
from decimal import Decimal

import pytest

from amends.core.canonical import CanonicalError, canonical_json, digest

BEIJING = dt.timezone(dt.timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ("投诉", '"投诉"'),
        (dt.datetime(2026, 2, 13, 17, 50, tzinfo=BEIJING), '"2026-02-13T09:50:00Z"'),
        (dt.datetime(2026, 2, 13, 17, 50, 0, 500, tzinfo=BEIJING), '"2026-02-13T09:50:00.000500Z"'),
        (dt.date(2026, 2, 13), '"2026-02-13"'),
        (Decimal("12.50"), '"12.50"'),
        (Decimal("1E+3"), '"1000"'),
        ({"x", "a"}, '["a","x"]'),
        ((1, 2), "[1,2]"),
    ],
)
def test_a_value_has_one_written_form(value, text):
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        Decimal("NaN"),
        dt.datetime(2026, 2, 13),  # noqa: DTZ001
        {1: "a"},
        b"bytes",
        {"deep": [{"x": 0.1}]},
    ],
)
def test_what_has_no_single_form_is_refused(value):
    with pytest.raises(CanonicalError):
        canonical_json(value)


def test_a_digest_depends_on_salt_and_text_and_on_where_one_ends():
    assert len({digest("ab", "c"), digest("b", "ca"), digest("ab", "d"), digest("ab", "")}) == 4
    assert digest("投诉", "s") == digest("投诉", "s")
