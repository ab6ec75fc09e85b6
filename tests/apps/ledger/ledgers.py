"""Small ledgers for tests, and what somebody with the database in hand can do to one."""

import random
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from amends.apps.ledger.actions import Draft, append_many
from amends.apps.ledger.checkpoints import anchor_of, checkpoint_key, make_checkpoints
from amends.apps.ledger.models import Chain, Checkpoint, Detail, Event
from amends.apps.ledger.signing import public_hex
from amends.core.canonical import utc_text
from amends.core.chain import CHECKPOINTS, Fault, FaultKind, event_hash

NOW = datetime(2026, 3, 1, 2, 3, 4, 567, tzinfo=UTC)
FAR = 1_000_000
CONTENT = ("kind", "at", "recorded_at", "actor", "payload")


def drafts(chain, count, *, text=None):
    return [
        Draft(
            chain=chain,
            kind="investigate",
            at=NOW + timedelta(minutes=number),
            recorded_at=NOW + timedelta(minutes=number, microseconds=number),
            actor=f"person:{number}",
            payload={"number": number, "chain": chain.key},
            details={"note": text or f"{chain.key} 第{number}次记录"},
        )
        for number in range(count)
    ]


def open_ledger(*, chains, first, second):
    """Chains of `first` events, a checkpoint, `second` more events each, and another checkpoint."""
    made = [Chain(kind=Chain.Kind.CASE, key=f"case:{number}") for number in range(chains)]
    append_many([draft for chain in made for draft in drafts(chain, first)])
    make_checkpoints(NOW)
    append_many([draft for chain in made for draft in drafts(chain, second)])
    make_checkpoints(NOW + timedelta(hours=1))


class Outside(NamedTuple):
    """What is known outside the database."""

    anchors: list
    trusted_keys: set


def known_outside():
    anchors = [anchor_of(checkpoint) for checkpoint in Checkpoint.objects.order_by("n")]
    return Outside(anchors, {public_hex(checkpoint_key().public_key())})


class Tamperer:
    """Changes a ledger in the database. Each method returns the fault that must be found."""

    def __init__(self, rng: random.Random, *, first: int) -> None:
        self.rng = rng
        self.chain = rng.choice(list(Chain.objects.order_by("pk")))
        self.last = self.chain.head_seq
        self.listed_first = first
        self.seq = rng.randint(2, self.last - 2)

    def edit(self):
        column = self.rng.choice(["payload", "actor", "kind", "at", "recorded_at"])
        value = NOW - timedelta(days=1) if column.endswith("at") else "changed"
        self._at(self.seq).update(**{column: value})
        return self._fault(self.seq, FaultKind.EDITED)

    def edit_and_seal_anew(self):
        self._at(self.seq).update(actor="person:999")
        self._at(self.seq).update(hash=self._sealed(self._at(self.seq).get()))
        return self._fault(self.seq, FaultKind.EDITED)

    def edit_a_text(self):
        Detail.objects.filter(chain=self.chain, seq=self.seq).update(text="另一段文字")
        return self._fault(self.seq, FaultKind.EDITED)

    def delete_a_text(self):
        Detail.objects.filter(chain=self.chain, seq=self.seq).delete()
        return self._fault(self.seq, FaultKind.MISSING)

    def delete(self):
        self._remove(self.seq, self.seq)
        return self._fault(self.seq, FaultKind.MISSING)

    def delete_and_close_up(self):
        self._remove(self.seq, self.seq)
        self._shift(self.seq + 1, by=-1)
        return self._fault(self.seq, FaultKind.MISSING)

    def insert(self):
        self._shift(self.seq, by=1)
        stranger = self._at(self.seq - 1).get()
        stranger.prev_hash, stranger.hash = stranger.hash, "f" * 64
        self._put(stranger, self.seq)
        return self._fault(self.seq, FaultKind.INSERTED)

    def insert_with_seal(self):
        self._shift(self.seq, by=1)
        stranger = self._at(self.seq - 1).get()
        stranger.prev_hash, stranger.payload, stranger.seq = stranger.hash, '{"x":1}', self.seq
        stranger.hash = self._sealed(stranger)
        self._put(stranger, self.seq)
        return self._fault(self.seq, FaultKind.INSERTED)

    def swap_numbers(self):
        other = self.rng.randint(self.seq + 1, self.last)
        for old, new in ((self.seq, FAR), (other, self.seq), (FAR, other)):
            self._at(old).update(seq=new)
        return self._fault(self.seq, FaultKind.SWAPPED)

    def swap_contents(self):
        other = self.rng.randint(self.seq + 1, self.last)
        contents = [self._at(seq).values(*CONTENT).get() for seq in (other, self.seq)]
        for seq, content in zip((self.seq, other), contents, strict=True):
            self._at(seq).update(**content)
        return self._fault(self.seq, FaultKind.SWAPPED)

    def cut_the_tail(self):
        self._remove(self.seq + 1, self.last)
        return self._fault(self.seq + 1, FaultKind.TAIL_CUT)

    def cut_the_tail_with_its_head(self):
        self._remove(self.seq + 1, self.last)
        self._set_head(self.seq)
        return self._fault(self.seq + 1, FaultKind.TAIL_CUT)

    def wipe_a_chain(self):
        self._remove(1, self.last)
        self.rng.choice([self._delete_chain, lambda: self._set_head(0)])()
        return self._fault(1, FaultKind.WIPED)

    def wipe_everything(self):
        for table in ("ledger_detail", "ledger_event", "ledger_chain", "ledger_checkpoint"):
            _execute(f"DELETE FROM {table}")
        return Fault(CHECKPOINTS, 1, FaultKind.WIPED)

    def recompute_without_the_key(self):
        self._recompute()
        vouched = self.listed_first if self.seq > self.listed_first else 0
        return self._fault(vouched + 1, FaultKind.RECOMPUTED)

    def recompute_with_the_key(self):
        self._recompute()
        Checkpoint.objects.all().delete()
        Chain.objects.update(listed_seq=0, listed_in=0)
        make_checkpoints(NOW)
        return Fault(CHECKPOINTS, 1, FaultKind.RECOMPUTED)

    def fork(self):
        branch = self._at(self.last).get()
        branch.prev_hash, branch.seq = self._at(self.seq).get().hash, self.last + 1
        branch.payload = '{"x":1}'
        branch.hash = self._sealed(branch)
        self._put(branch, branch.seq)
        self._set_head(branch.seq)
        return self._fault(branch.seq, FaultKind.FORKED)

    def restore_an_old_copy(self):
        Checkpoint.objects.filter(n__gt=1).delete()
        for chain in Chain.objects.all():
            self.chain = chain
            self._remove(self.listed_first + 1, self.last)
            self._set_head(self.listed_first)
        Chain.objects.update(listed_seq=self.listed_first, listed_in=1)
        return Fault(CHECKPOINTS, 2, FaultKind.OLD_COPY)

    def cut_the_checkpoints(self):
        Checkpoint.objects.filter(n=2).delete()
        return Fault(CHECKPOINTS, 2, FaultKind.TAIL_CUT)

    def delete_a_checkpoint(self):
        Checkpoint.objects.filter(n=1).delete()
        return Fault(CHECKPOINTS, 1, FaultKind.MISSING)

    def edit_a_checkpoint(self):
        n = self.rng.choice([1, 2])
        change = self.rng.choice([{"heads": "[]"}, {"count": 5}, {"at": NOW - timedelta(days=9)}])
        Checkpoint.objects.filter(n=n).update(**change)
        return Fault(CHECKPOINTS, n, FaultKind.EDITED)

    def _fault(self, seq, kind):
        return Fault(self.chain.key, seq, kind)

    def _at(self, seq):
        return Event.objects.filter(chain=self.chain, seq=seq)

    def _remove(self, first, last):
        for model in (Detail, Event):
            model.objects.filter(chain=self.chain, seq__gte=first, seq__lte=last).delete()

    def _shift(self, start, *, by):
        for table in ("ledger_event", "ledger_detail"):
            shift = f"UPDATE {table} SET seq = seq + %s WHERE chain_id = %s AND seq >= %s"
            _execute(shift, FAR, self.chain.pk, start)
            _execute(shift, by - FAR, self.chain.pk, FAR)

    def _put(self, event, seq):
        values = {name: getattr(event, name) for name in (*CONTENT, "prev_hash", "hash")}
        Event.objects.bulk_create([Event(chain=self.chain, seq=seq, **values)])

    def _sealed(self, event):
        times = utc_text(event.at), utc_text(event.recorded_at)
        return event_hash(self.chain.key, event.seq, event.prev_hash, event.kind, *times, event.actor, event.payload)

    def _recompute(self):
        self._at(self.seq).update(actor="person:999")
        prev_hash = self._at(self.seq - 1).get().hash
        for seq in range(self.seq, self.last + 1):
            event = self._at(seq).get()
            event.prev_hash = prev_hash
            prev_hash = self._sealed(event)
            self._at(seq).update(prev_hash=event.prev_hash, hash=prev_hash)
        self._set_head(self.last)

    def _set_head(self, seq):
        head_hash = self._at(seq).get().hash if seq else "0" * 64
        Chain.objects.filter(pk=self.chain.pk).update(head_seq=seq, head_hash=head_hash)

    def _delete_chain(self):
        _execute("DELETE FROM ledger_chain WHERE id = %s", self.chain.pk)


def _execute(statement, *params):
    # The model layer would also look into the tables of other apps.
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


TAMPERINGS = [name for name in vars(Tamperer) if not name.startswith("_")]
