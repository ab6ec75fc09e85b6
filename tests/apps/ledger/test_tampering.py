"""Promise A1: whatever is done to the ledger with its triggers off is found, with its kind and first bad number.

AMENDS_TEST_TAMPERINGS sets how many random tamperings are made (100 unless told).
"""

import os
import random

import pytest
from django.db import connection, transaction

from amends.apps.ledger.triggers import drop_triggers
from amends.apps.ledger.verification import FAULT_SKIPS_CHECKPOINTS, State, verify
from tests.apps.ledger.ledgers import TAMPERINGS, Tamperer, known_outside, open_ledger

pytestmark = pytest.mark.django_db
FIRST = 6
HOW_MANY = int(os.environ.get("AMENDS_TEST_TAMPERINGS", "100"))


@pytest.fixture
def outside():
    open_ledger(chains=5, first=FIRST, second=5)
    connection.check_constraints()
    drop_triggers(connection)
    return known_outside()


def tampered(name, outside, *, seed):
    """What was done and what was found; the ledger is as before afterwards."""
    with transaction.atomic():
        done = getattr(Tamperer(random.Random(seed), first=FIRST), name)()
        found = verify(trusted_keys=outside.trusted_keys, anchors=outside.anchors).faults
        transaction.set_rollback(True)
    return done, found


def missed(outside):
    tries = [(TAMPERINGS[seed % len(TAMPERINGS)], seed) for seed in range(HOW_MANY)]
    results = {(name, seed): tampered(name, outside, seed=seed) for name, seed in tries}
    return {name: result for name, result in results.items() if result[1] != [result[0]]}


def test_every_tampering_is_found_with_kind_and_first_bad_number(outside):
    assert missed(outside) == {}


def test_an_untouched_ledger_raises_no_alarm(outside):
    report = verify(trusted_keys=outside.trusted_keys, anchors=outside.anchors)

    assert (report.state, report.faults, report.doubts) == (State.WHOLE, [], [])
    assert (report.chains, report.events, report.details, report.checkpoints) == (5, 55, 55, 2)


def test_the_harness_goes_red_when_checkpoints_are_not_looked_at(outside, settings):
    settings.PLANTED_FAULTS = frozenset({FAULT_SKIPS_CHECKPOINTS})

    names = {name for name, _ in missed(outside)}

    assert {"cut_the_tail_with_its_head", "wipe_everything", "recompute_with_the_key", "edit_a_checkpoint"} <= names
    assert {"edit", "delete", "swap_numbers"}.isdisjoint(names)


def test_a_recomputation_signed_with_a_stranger_s_key_is_found_without_anchors(outside, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "stranger"
    Tamperer(random.Random(1), first=FIRST).recompute_with_the_key()

    report = verify(trusted_keys=outside.trusted_keys)

    assert [(fault.chain, fault.seq, fault.kind) for fault in report.faults] == [("checkpoints", 1, "recomputed")]


@pytest.mark.parametrize("column", ["at", "payload", "hash", "kind"])
def test_unreadable_values_are_findings_not_crashes(outside, column):
    if connection.vendor == "postgresql" and column == "at":
        pytest.skip("PostgreSQL stores nothing but a time in this column")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE ledger_event SET {column} = 'nothing' WHERE seq = 3")

    report = verify(trusted_keys=outside.trusted_keys, anchors=outside.anchors)

    assert [(fault.seq, fault.kind) for fault in report.faults] == [(3, "edited")] * 5
