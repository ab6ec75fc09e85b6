"""`audit_anchor` and `audit_verify`: what they print and how they exit."""

import json

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection

from amends.apps.ledger.actions import append_many, open_chain
from amends.apps.ledger.checkpoints import anchor_file, checkpoint_key_file
from amends.apps.ledger.models import Event
from amends.apps.ledger.signing import public_key_file
from amends.apps.ledger.triggers import drop_triggers
from tests.apps.ledger.ledgers import drafts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def anchored_ledger(tmp_path, settings, capsys):
    settings.VAR_DIR = tmp_path / "var"
    settings.ANCHOR_URL = f"file://{tmp_path}/elsewhere/anchors.jsonl"
    append_many(drafts(open_chain(kind="case", key="case:1"), 5))
    call_command("audit_anchor")
    capsys.readouterr()


def verified(capsys, *args):
    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", "--json", *args)
    return ended.value.code, json.loads(capsys.readouterr().out)


def tamper(statement, *params):
    connection.check_constraints()
    drop_triggers(connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def test_a_whole_ledger_exits_0(capsys):
    code, report = verified(capsys)

    assert (code, report["state"], report["first"], report["faults"]) == (0, "whole", None, [])
    assert (report["chains"], report["events"], report["details"]) == (1, 5, 5)
    assert (report["checkpoints"], report["anchors"]) == (1, 1)


def test_a_broken_ledger_exits_1_and_names_number_and_kind(capsys):
    tamper("UPDATE ledger_event SET actor = %s WHERE seq = 3", "person:999")

    code, report = verified(capsys)

    assert (code, report["state"]) == (1, "broken")
    assert report["first"] == {"chain": "case:1", "seq": 3, "kind": "edited"}


def test_a_broken_ledger_is_told_in_sentences_too(capsys):
    tamper("UPDATE ledger_event SET actor = %s WHERE seq = 3", "person:999")

    with pytest.raises(SystemExit):
        call_command("audit_verify")

    assert capsys.readouterr().out.startswith("case:1, number 3: edited.\nbroken: 1 chains, 5 events,")


def test_a_wiped_ledger_is_found_by_the_anchors_kept_elsewhere(capsys, tmp_path, settings):
    kept = anchor_file(django_settings.ANCHOR_URL).rename(tmp_path / "kept.jsonl")
    tamper("DELETE FROM ledger_detail")
    for table in ("event", "chain", "checkpoint"):
        tamper(f"DELETE FROM ledger_{table}")

    code, report = verified(capsys, "--anchor", str(kept))

    assert (code, report["first"]) == (1, {"chain": "checkpoints", "seq": 1, "kind": "wiped"})


def test_a_restored_copy_is_verified_with_the_public_key_alone(capsys, tmp_path, settings):
    handed_out = public_key_file(checkpoint_key_file()).rename(tmp_path / "public.pem")
    settings.VAR_DIR = tmp_path / "another_machine"
    settings.ANCHOR_URL = f"file://{tmp_path}/another_machine/anchors.jsonl"

    code, report = verified(capsys, "--public-key", str(handed_out))
    assert (code, report["state"]) == (0, "whole")

    code, report = verified(capsys)
    assert (code, report["state"], len(report["doubts"])) == (2, "unknown", 1)


@pytest.mark.parametrize("option", ["--anchor", "--public-key"])
def test_what_cannot_be_read_exits_2(capsys, tmp_path, option):
    code, report = verified(capsys, option, str(tmp_path / "absent"))

    assert (code, report["state"]) == (2, "unknown")


def test_anchoring_again_sends_only_what_is_new(capsys):
    call_command("audit_anchor", "--json")
    assert json.loads(capsys.readouterr().out)["sent"] == []

    append_many(drafts(open_chain(kind="case", key="case:2"), 2))
    call_command("audit_anchor", "--json")
    sent = json.loads(capsys.readouterr().out)["sent"]

    assert [(anchor["n"], anchor["count"]) for anchor in sent] == [(2, 7)]
    assert Event.objects.count() == 7


def test_an_anchor_address_that_is_not_a_file_is_refused_in_a_sentence(settings):
    settings.ANCHOR_URL = "mailto:audit@example.com"

    with pytest.raises(CommandError, match="Anchors leave to a file address"):
        call_command("audit_anchor")


def test_the_public_key_can_be_handed_out(capsys):
    call_command("audit_anchor", "--public-key")

    assert capsys.readouterr().out == public_key_file(checkpoint_key_file()).read_text()
