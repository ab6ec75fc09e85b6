"""Writes to the ledger: append events to chains, and erase the texts that lie beside them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from amends.apps.ledger.bulk import Row, insert_rows
from amends.apps.ledger.models import Chain, Detail, Event
from amends.apps.ledger.triggers import DETAIL, EVENT
from amends.core.canonical import canonical_json, digest, utc_text
from amends.core.chain import Head, event_hash
from amends.core.refusals import Stale

SALT_BYTES = 16
CHAINS_A_STATEMENT = 500
EVENT_COLUMNS = (
    "chain_id",
    "seq",
    "kind",
    "at",
    "recorded_at",
    "actor",
    "payload",
    "prev_hash",
    "hash",
)
DETAIL_COLUMNS = ("chain_id", "seq", "field", "salt", "text")
Sealed = tuple[Row, list[Row]]
FAULT_CLAIMS_NOTHING = "ledger_claims_nothing"


class ChainMoved(Stale):
    """Somebody else appended to the chain since it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An event to append. `details` are texts by field; only their salted digests enter the payload."""

    chain: Chain
    kind: str
    at: datetime
    recorded_at: datetime
    actor: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)


def open_chain(*, kind: str, key: str) -> Chain:
    """Return the chain of that key, made now if there is none."""
    if "\n" in key:
        raise ValueError("a chain's key is one line")
    return Chain.objects.get_or_create(key=key, defaults={"kind": Chain.Kind(kind)})[0]


def append(
    *,
    chain: Chain,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    actor: str,
    payload: Mapping[str, Any],
    details: Mapping[str, str] | None = None,
) -> Event:
    """Append one event to a chain as it was read, within the caller's transaction.

    The chain object moves on with it, so several events can be appended in a row. Refuses `ChainMoved` when
    somebody else acted first; `ValueError` for a text and a payload value under one name.
    """
    draft = Draft(
        chain=chain,
        kind=kind,
        at=at,
        recorded_at=recorded_at,
        actor=actor,
        payload=payload,
        details=details or {},
    )
    return append_many([draft])[0]


def append_in_turn(
    *,
    chain_key: str,
    chain_kind: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    actor: str,
    payload: Mapping[str, Any],
    details: Mapping[str, str] | None = None,
) -> Event:
    """Append to a chain whatever was appended before: for the chains of desks and of the installation.

    Waits for other writers of the chain, so it refuses nobody as stale.
    """
    return append_all_in_turn(
        chain_key=chain_key, chain_kind=chain_kind, kind=kind, at=at, recorded_at=recorded_at, actor=actor, payloads=[payload],
        details=details,
    )[0]  # fmt: skip


@transaction.atomic
def append_all_in_turn(
    *,
    chain_key: str,
    chain_kind: str,
    kind: str,
    at: datetime,
    recorded_at: datetime,
    actor: str,
    payloads: Sequence[Mapping[str, Any]],
    details: Mapping[str, str] | None = None,
) -> list[Event]:
    """Append events of one kind, one for each payload, as `append_in_turn` does with one."""
    pk = open_chain(kind=chain_kind, key=chain_key).pk
    # Writing the row, even unchanged, holds it until the transaction ends: the head read next is the last one.
    Chain.objects.filter(pk=pk).update(head_seq=F("head_seq"))
    chain = Chain.objects.get(pk=pk)
    return append_many([
        Draft(
            chain=chain, kind=kind, at=at, recorded_at=recorded_at, actor=actor, payload=payload, details=details or {}
        )
        for payload in payloads
    ])  # fmt: skip


@transaction.atomic
def append_many(drafts: Sequence[Draft]) -> list[Event]:
    """Append events to any number of chains, in the order given.

    Chains that are not saved yet are created with their final heads. Events of one chain name the same `Chain`
    object. Refuses `ChainMoved` when any of the chains moved since it was read; then nothing is stored and the
    chain objects are as they were.
    """
    chains = list({id(draft.chain): draft.chain for draft in drafts}.values())
    before = [Head(chain.head_seq, chain.head_hash) for chain in chains]
    try:
        sealed = [_seal(draft) for draft in drafts]
        _claim(chains, before)
        _store([draft.chain.pk for draft in drafts], sealed)
    except BaseException:
        for chain, head in zip(chains, before, strict=True):
            chain.head_seq, chain.head_hash = head
        raise
    placed = zip(drafts, sealed, strict=True)
    return [Event.from_db("default", EVENT_COLUMNS, (draft.chain.pk, *row)) for draft, (row, _) in placed]


def erase_details(details: QuerySet[Detail], *, now: datetime) -> int:
    """Empty texts and salts and return how many; the digests left in the chain then match no text."""
    return details.filter(erased_at__isnull=True).update(text="", salt="", erased_at=now)


def _seal(draft: Draft) -> Sealed:
    """Return the values of an event and its details, and move its chain's head on (in memory)."""
    chain, seq = draft.chain, draft.chain.head_seq + 1
    if "\n" in draft.kind or "\n" in draft.actor or "\n" in chain.key:
        raise ValueError("kind, actor and key of an event are one line each")
    details: list[Row] = [(seq, name, os.urandom(SALT_BYTES).hex(), text) for name, text in draft.details.items()]
    payload = _payload_text(draft.payload, details)
    at, recorded_at = utc_text(draft.at), utc_text(draft.recorded_at)
    sealed = event_hash(chain.key, seq, chain.head_hash, draft.kind, at, recorded_at, draft.actor, payload)
    event = (seq, draft.kind, draft.at, draft.recorded_at, draft.actor, payload, chain.head_hash, sealed)
    chain.head_seq, chain.head_hash = seq, sealed
    return event, details


def _payload_text(payload: Mapping[str, Any], details: Sequence[Row]) -> str:
    if not details:
        return canonical_json(payload)
    digests = {name: {"digest": digest(text, salt)} for _, name, salt, text in details}
    if not payload.keys().isdisjoint(digests):
        raise ValueError("a text and a value of the payload have the same name")
    return canonical_json({**payload, **digests})


def _store(chain_pks: Sequence[int], sealed: Sequence[Sealed]) -> None:
    placed = list(zip(chain_pks, sealed, strict=True))
    insert_rows(EVENT, EVENT_COLUMNS, [(pk, *event) for pk, (event, _) in placed])
    details = [(pk, *detail) for pk, (_, details) in placed for detail in details]
    if details:
        insert_rows(DETAIL, DETAIL_COLUMNS, details)


def _claim(chains: Iterable[Chain], before: Iterable[Head]) -> None:
    """Move the stored heads from where they were read to where the drafts end."""
    new: list[Chain] = []
    for chain, head in zip(chains, before, strict=True):
        if chain.pk is None:
            new.append(chain)
        elif not _move_head(chain, head):
            raise ChainMoved
    Chain.objects.bulk_create(new, batch_size=CHAINS_A_STATEMENT)


def _move_head(chain: Chain, head: Head) -> bool:
    stored = Chain.objects.filter(pk=chain.pk)
    if FAULT_CLAIMS_NOTHING not in settings.PLANTED_FAULTS:
        stored = stored.filter(head_seq=head.seq, head_hash=head.hash)
    return bool(stored.update(head_seq=chain.head_seq, head_hash=chain.head_hash))
