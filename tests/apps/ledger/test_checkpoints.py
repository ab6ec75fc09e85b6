"""Checkpoints list the chains that moved; anchors leave the database."""

import json
import stat
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings

from amends.apps.ledger import checkpoints
from amends.apps.ledger.actions import append_many, open_chain
from amends.apps.ledger.checkpoints import (
    AnchorError,
    anchor_file,
    checkpoint_key,
    checkpoint_key_file,
    make_checkpoint,
    make_checkpoints,
    read_anchors,
    send_anchors,
)
from amends.apps.ledger.models import Checkpoint
from amends.apps.ledger.signing import is_signed, public_hex, public_key_file, public_keys
from amends.core.chain import GENESIS
from tests.apps.ledger.ledgers import NOW, drafts, open_ledger


def heads(checkpoint):
    return {key: seq for key, seq, _ in json.loads(checkpoint.heads)}


@pytest.mark.django_db
def test_a_checkpoint_lists_only_the_chains_that_moved_since_the_last():
    first, second = open_chain(kind="case", key="case:1"), open_chain(kind="case", key="case:2")
    append_many([*drafts(first, 3), *drafts(second, 2)])
    one = make_checkpoint(NOW)
    append_many(drafts(second, 4))
    two = make_checkpoint(NOW + timedelta(hours=1))

    assert (heads(one), one.count, one.prev_hash) == ({"case:1": 3, "case:2": 2}, 5, GENESIS)
    assert (heads(two), two.count, two.prev_hash) == ({"case:2": 6}, 9, one.hash)


@pytest.mark.django_db
def test_no_checkpoint_is_made_when_nothing_moved():
    open_ledger(chains=1, first=1, second=1)

    assert make_checkpoint(NOW) is None
    assert Checkpoint.objects.count() == 2


@pytest.mark.django_db
def test_many_moved_chains_take_several_checkpoints(monkeypatch):
    monkeypatch.setattr(checkpoints, "HEADS_A_CHECKPOINT", 2)
    append_many([draft for n in range(5) for draft in drafts(open_chain(kind="case", key=f"case:{n}"), 1)])

    made = make_checkpoints(NOW)

    assert [len(heads(checkpoint)) for checkpoint in made] == [2, 2, 1]
    assert [checkpoint.count for checkpoint in made] == [2, 4, 5]


@pytest.mark.django_db
def test_an_anchor_is_verified_with_the_public_key_alone():
    open_ledger(chains=2, first=2, second=1)
    send_anchors(django_settings.ANCHOR_URL)
    (public_key,) = public_keys(public_key_file(checkpoint_key_file()))

    anchors = read_anchors(anchor_file(django_settings.ANCHOR_URL))

    assert [anchor.n for anchor in anchors] == [1, 2]
    assert all(is_signed(anchor.text(), signature=anchor.signature, public_key=public_key) for anchor in anchors)
    changed = replace(anchors[0], count=1)
    assert not is_signed(changed.text(), signature=changed.signature, public_key=public_key)


@pytest.mark.django_db
def test_anchors_are_sent_once_and_only_new_ones_follow():
    open_ledger(chains=1, first=1, second=1)

    assert [anchor.n for anchor in send_anchors(django_settings.ANCHOR_URL)] == [1, 2]
    assert send_anchors(django_settings.ANCHOR_URL) == []
    append_many(drafts(open_chain(kind="case", key="case:new"), 1))
    make_checkpoint(NOW)
    assert [anchor.n for anchor in send_anchors(django_settings.ANCHOR_URL)] == [3]


@pytest.mark.django_db
def test_a_line_torn_by_a_crash_is_written_again():
    open_ledger(chains=1, first=1, second=1)
    send_anchors(django_settings.ANCHOR_URL)
    file = anchor_file(django_settings.ANCHOR_URL)
    whole = file.read_text()
    file.write_text(whole[:-20])

    assert [anchor.n for anchor in send_anchors(django_settings.ANCHOR_URL)] == [2]
    assert file.read_text() == whole


def test_a_file_that_holds_no_anchors_is_refused(tmp_path):
    file = tmp_path / "anchors.jsonl"
    file.write_text('{"n": 1}\n')

    with pytest.raises(AnchorError, match="line 1: not an anchor"):
        read_anchors(file)


@pytest.mark.parametrize("url", ["mailto:a@example.com", "/tmp/x", "file://"])
def test_an_address_that_is_not_a_file_is_refused(url):
    with pytest.raises(AnchorError):
        anchor_file(url)


def test_a_folder_keeps_anchors_in_a_file_of_its_own(tmp_path):
    assert anchor_file(f"file://{tmp_path}") == tmp_path / "anchors.jsonl"


def test_the_key_is_made_once_and_only_its_owner_can_read_it():
    first, second = checkpoint_key(), checkpoint_key()

    assert public_hex(first.public_key()) == public_hex(second.public_key())
    assert stat.S_IMODE(checkpoint_key_file().stat().st_mode) == 0o600
    assert sorted(file.name for file in checkpoint_key_file().parent.iterdir()) == [
        "checkpoint_key",
        "checkpoint_key.pub",
    ]
