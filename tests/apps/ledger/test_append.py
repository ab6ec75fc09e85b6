"""Appending: in the caller's transaction, at the head that was read, texts beside the chain."""

import json
import threading
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from amends.apps.ledger.actions import (
    FAULT_CLAIMS_NOTHING,
    ChainMoved,
    append,
    append_in_turn,
    append_many,
    erase_details,
    open_chain,
)
from amends.apps.ledger.models import Chain, Detail, Event
from amends.apps.ledger.queries import details_of, events_of, text_of
from amends.apps.ledger.verification import State, verify
from amends.core.canonical import CanonicalError, digest
from amends.core.chain import GENESIS
from tests.apps.ledger.ledgers import NOW, drafts

WRITERS = 64


def case_chain(key="case:1"):
    return open_chain(kind="case", key=key)


def append_something(chain, *, kind="accept", payload=None, details=None, **changes):
    values = {"at": NOW, "recorded_at": NOW, "actor": "person:12"} | changes
    return append(chain=chain, kind=kind, payload=payload or {}, details=details, **values)


@pytest.mark.django_db
def test_an_event_moves_the_head_of_its_chain():
    chain = case_chain()

    event = append_something(chain, payload={"level": "level_1", "amount": 12050})

    stored = Event.objects.get()
    assert (stored.seq, stored.prev_hash, stored.hash) == (1, GENESIS, event.hash)
    assert stored.payload == '{"amount":12050,"level":"level_1"}'
    assert (stored.at, stored.recorded_at, stored.data) == (NOW, NOW, {"amount": 12050, "level": "level_1"})
    assert Chain.objects.values_list("head_seq", "head_hash").get() == (1, event.hash)


@pytest.mark.django_db
def test_several_events_in_a_row_need_no_reading_in_between():
    chain = case_chain()

    events = [append_something(chain, kind=kind) for kind in ("register", "accept", "close")]

    assert events_of(chain) == events
    assert [event.kind for event in events] == ["register", "accept", "close"]
    assert [event.prev_hash for event in events] == [GENESIS, events[0].hash, events[1].hash]


@pytest.mark.django_db
def test_who_read_the_chain_before_somebody_else_acted_is_refused():
    chain, stale = case_chain(), case_chain()
    append_something(chain)

    with pytest.raises(ChainMoved) as refused:
        append_something(stale)

    assert (refused.value.code, refused.value.status) == ("stale", 409)
    assert (stale.head_seq, stale.head_hash) == (0, GENESIS)
    assert Event.objects.count() == 1


@pytest.mark.django_db
def test_a_text_lies_beside_the_chain_with_only_its_digest_in_it():
    chain = case_chain()

    event = append_something(chain, payload={"demand": "refund"}, details={"description": "快递丢失"})

    detail = Detail.objects.get()
    assert json.loads(event.payload) == {
        "demand": "refund",
        "description": {"digest": digest("快递丢失", detail.salt)},
    }
    assert len(bytes.fromhex(detail.salt)) == 16
    details = details_of([event])
    assert text_of(event, "description", details) == "快递丢失"
    assert text_of(event, "subject", details) is None


@pytest.mark.django_db
def test_equal_texts_have_different_digests():
    chain = case_chain()

    events = [append_something(chain, details={"phone": "13800138000"}) for _ in range(2)]

    assert events[0].data["phone"] != events[1].data["phone"]


@pytest.mark.django_db
def test_an_erased_text_leaves_the_chain_whole():
    chain = case_chain()
    event = append_something(chain, details={"description": "王女士", "phone": "13800138000"})

    erased = erase_details(Detail.objects.filter(chain=chain, field="phone"), now=NOW)

    details = details_of([event])
    assert erased == 1
    assert text_of(event, "phone", details) is None
    assert text_of(event, "description", details) == "王女士"
    assert Detail.objects.filter(field="phone").values_list("text", "salt", "erased_at").get() == ("", "", NOW)
    assert verify(trusted_keys=set()).state is State.WHOLE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"payload": {"note": 1}, "details": {"note": "x"}}, ValueError),
        ({"payload": {"rate": 0.5}}, CanonicalError),
        ({"at": datetime(2026, 3, 1)}, CanonicalError),  # noqa: DTZ001
        ({"kind": "accept\nclose"}, ValueError),
        ({"actor": "person:1\n"}, ValueError),
    ],
)
def test_what_has_no_single_meaning_is_refused_and_nothing_is_stored(values, refusal):
    chain = case_chain()

    with pytest.raises(refusal):
        append_something(chain, **values)

    assert (chain.head_seq, Event.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_many_events_of_many_new_chains_are_stored_at_once(django_assert_max_num_queries):
    chains = [Chain(kind=Chain.Kind.CASE, key=f"case:{number}") for number in range(20)]

    with django_assert_max_num_queries(8):
        events = append_many([draft for chain in chains for draft in drafts(chain, 3)])

    assert list(Event.objects.order_by("chain_id", "seq")) == events
    assert Detail.objects.count() == 60
    assert verify(trusted_keys=set()).state is State.WHOLE


@pytest.mark.django_db
def test_one_moved_chain_refuses_the_whole_batch():
    chain, stale, new = case_chain(), case_chain(), Chain(kind="case", key="case:2")
    append_something(chain)

    with pytest.raises(ChainMoved):
        append_many([*drafts(new, 2), *drafts(stale, 2)])

    assert Event.objects.count() == 1
    assert not Chain.objects.filter(key="case:2").exists()
    assert (new.head_seq, stale.head_seq) == (0, 0)


@pytest.mark.django_db
def test_a_rolled_back_change_leaves_no_event():
    chain = case_chain()

    with transaction.atomic():
        append_something(chain, details={"note": "x"})
        transaction.set_rollback(True)

    assert (Event.objects.count(), Detail.objects.count()) == (0, 0)
    assert Chain.objects.get().head_seq == 0


@pytest.mark.django_db
def test_a_planted_fault_lets_a_stale_writer_through_the_claim(settings):
    settings.PLANTED_FAULTS = frozenset({FAULT_CLAIMS_NOTHING})
    chain, stale = case_chain(), case_chain()
    append_something(chain)

    with pytest.raises(IntegrityError), transaction.atomic():
        append_something(stale)


def at_once(act):
    """Run `act(number)` in as many threads as there are writers; return what each returned or raised."""
    barrier, results = threading.Barrier(WRITERS), [None] * WRITERS

    def run(number):
        try:
            barrier.wait()
            results[number] = act(number)
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_64_writers_at_one_head_one_wins_and_the_others_are_stale():
    pk = case_chain().pk
    read = [Chain.objects.get(pk=pk) for _ in range(WRITERS)]

    results = at_once(lambda number: append_something(read[number]))

    assert sorted(type(result).__name__ for result in results) == ["ChainMoved"] * 63 + ["Event"]
    assert verify(trusted_keys=set()).state is State.WHOLE


@pytest.mark.django_db(transaction=True)
def test_64_writers_in_turn_never_fork_a_chain():
    def act(number):
        return append_in_turn(
            chain_key="desk:1",
            chain_kind="desk",
            kind="grant",
            at=NOW,
            recorded_at=datetime.now(UTC),
            actor=f"person:{number}",
            payload={"number": number},
        )

    results = at_once(act)

    assert sorted(event.seq for event in results) == list(range(1, 65))
    assert {event.data["number"] for event in Event.objects.all()} == set(range(64))
    report = verify(trusted_keys=set())
    assert (report.state, report.chains, report.events) == (State.WHOLE, 1, 64)
