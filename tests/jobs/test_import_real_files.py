"""Files that nobody here wrote come in under the shipped mappings: every row is a case or is listed, and nothing else changes.

Large files are cut to their first rows; AMENDS_TEST_FULL=1 imports them whole.
"""

import csv
import gzip
import itertools
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import call_command

from amends.apps.cases.facts import facts_text, rebuilt_facts
from amends.apps.cases.models import Case, OldRecord
from amends.apps.cases.search import matching
from amends.apps.ledger.models import Chain, Event
from amends.apps.ledger.queries import details_of, events_of
from tests.world import open_world, publish_shipped

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MAPPINGS = Path(__file__).resolve().parents[2] / "docs" / "mappings"
IS_FULL = os.environ.get("AMENDS_TEST_FULL", "") not in {"", "0"}


class Source(NamedTuple):
    """A file, how much of it the usual test run takes, and what must come of it."""

    file: str
    desk: str
    encoding: str
    number: str
    rows: int
    cut: int | None = None
    repeats: int = 0


SOURCES = {
    "zh_gov_category": Source("zh_gov_category/fulltext.csv.gz", "reporting", "utf-8", "msg_id", 857, repeats=2),
    "zh_gov_unlabelled": Source("zh_gov_category/unlabelled.csv.gz", "reporting", "utf-8", "msg_id", 1881, cut=400),
    "zh_car": Source("zh_car/car_complain_gbk.csv", "service", "gb18030", "id", 408),
    "cfpb": Source("cfpb/complaints.csv.gz", "market", "utf-8", "Complaint ID", 4623, cut=400),
    "nyc_council": Source("nyc_council/cases.csv.gz", "escalation", "utf-8", "unique_key", 40_000, cut=600, repeats=5),
}


def rows_of(path, encoding):
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding=encoding, newline="") as file:
        yield from csv.reader(file)


def prepared(source, real_data, tmp_path):
    """The file to import: the real one, or its first rows in the same encoding."""
    path = real_data / source.file
    if source.cut is None or IS_FULL:
        return path
    shorter = tmp_path / "first_rows.csv"
    with shorter.open("w", encoding=source.encoding, newline="") as file:
        csv.writer(file).writerows(itertools.islice(rows_of(path, source.encoding), source.cut + 1))
    return shorter


def imported(path, name, capsys):
    call_command("import_cases", str(path), "--mapping", str(MAPPINGS / f"{name}.yaml"), "--json", "--processes", "1")
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def desk_of(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"

    def build(name):
        publish_shipped((name,), now=NOW)
        return open_world(name, now=NOW)

    return build


@pytest.mark.parametrize("name", SOURCES)
def test_a_real_file_comes_in_once_and_whole(name, real_data, tmp_path, desk_of, capsys):
    source = SOURCES[name]
    desk_of(source.desk)
    path = prepared(source, real_data, tmp_path)
    header, *rows = rows_of(path, source.encoding)
    numbers = {row[header.index(source.number)] for row in rows}

    first = imported(path, name, capsys)

    assert first["encoding"] == source.encoding
    assert first["rows"] == len(rows) == (source.cut if source.cut and not IS_FULL else source.rows)
    assert first["taken_over"] == len(numbers) == Case.objects.count() == Event.objects.filter(kind="take_over").count()
    assert first["taken_over"] + first["refused"] + first["already_there"] == first["rows"]
    assert set(OldRecord.objects.values_list("number", flat=True)) == numbers
    if path.name != "first_rows.csv":
        assert first["refused"] == source.repeats
    assert all(case.facts == facts_text(rebuilt_facts(case)) for case in Case.objects.select_related("chain")[:50])

    heads = set(Chain.objects.values_list("key", "head_hash"))
    second = imported(path, name, capsys)

    assert (second["taken_over"], second["already_there"], second["refused"]) == (
        0,
        first["taken_over"] + first["already_there"],
        first["refused"],
    )
    assert set(Chain.objects.values_list("key", "head_hash")) == heads


def taken(number):
    case = OldRecord.objects.select_related("case__chain", "case__complainant").get(number=number).case
    events = events_of(case.chain)
    texts = {field: detail.text for field, detail in details_of(events)[case.chain_id, 1].items()}
    return case, events[0].data, texts


def test_a_citizens_message_says_what_it_said(real_data, tmp_path, desk_of, capsys):
    desk_of("reporting")
    imported(real_data / SOURCES["zh_gov_category"].file, "zh_gov_category", capsys)

    case, data, texts = taken("213825")

    assert texts["subject"] == case.subject == "国企与民营企业女员工为何两种退休年龄政策？"
    assert texts["description"].startswith("你好！请问国企或国改企女员工参加工作时都建有上岗档案")
    assert texts["product_name"] == "劳动和社会保障"
    assert case.complainant.name == "U0002482"
    assert case.received_at == datetime(2011, 3, 9, 3, 52, 21, tzinfo=UTC)
    assert (data["source"]["whole_days"], data["set"]["source_closed_at"], case.closed_at) == (False, None, None)
    assert case in matching(Case.objects.all(), "退休年龄政策")


def test_a_gbk_file_of_cars_is_read(real_data, tmp_path, desk_of, capsys):
    desk_of("service")
    imported(real_data / SOURCES["zh_car"].file, "zh_car", capsys)

    case, data, texts = taken("482019")

    assert case.subject == "众泰T600 Coupe售后维修配件一直缺货"
    assert texts["product_name"] == "众泰汽车 众泰T600 Coupe 2017款 1.5T 自动 尊享型"
    assert texts["description"].splitlines()[1:] == ["problem: N318,", "status: 厂家受理"]
    assert case.received_at == datetime(2020, 6, 7, 16, 0, tzinfo=UTC)
    assert (str(case.received_on), data["source"]["whole_days"], case.category) == (
        "2020-06-08",
        True,
        "product_quality",
    )


def test_cases_of_council_members_keep_their_days(real_data, tmp_path, desk_of, capsys):
    desk_of("escalation")
    path = prepared(SOURCES["nyc_council"], real_data, tmp_path)
    imported(path, "nyc_council", capsys)

    closed, data, _texts = taken("NYCC26537859")
    assert closed.subject == "Cultural Affairs / Community Based Organization / Queens"
    assert closed.received_at == datetime(2021, 1, 2, 5, 0, tzinfo=UTC)
    assert closed.closed_at == datetime(2021, 7, 29, 4, 0, tzinfo=UTC)
    assert (closed.state, data["set"]["source_closed_at"]) == ("archived", "2021-07-29T04:00:00Z")
    still_open = Case.objects.filter(closed_at=None)
    assert still_open.exists()
    assert set(still_open.values_list("state", flat=True)) == {"closed"}
