"""Reads from the ledger."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.models import BigIntegerField, QuerySet

from amends.apps.ledger.models import Chain, Detail, Event
from amends.apps.prepared import Asked, Prepared, among, ask_among, given_number

Details = dict[tuple[int, int], dict[str, Detail]]


_EVENTS = Prepared(lambda: Event.objects.filter(chain_id=given_number("chain")).order_by("seq"))
_DETAILS = Prepared(
    lambda: Detail.objects.filter(
        chain_id=given_number("chain"), seq__gte=given_number("first"), seq__lte=given_number("last")
    ).order_by("seq", "field")
)


def events_of(chain: Chain) -> list[Event]:
    """Return every event of a chain, in order."""
    return asked_for_events(chain.pk).ask()


def asked_for_events(chain: int) -> Asked[Event]:
    """What `events_of` asks of the chain with this key, to be sent along with other questions: every event, in order; none for
    a chain that is not there. Nothing is read, and nothing refused, before it is asked.
    """
    return _EVENTS.given(chain=chain)


def asked_for_details(chain: int, first: int, last: int) -> Asked[Detail]:
    """The texts beside the events of a chain from one number to another."""
    return _DETAILS.given(chain=chain, first=first, last=last)


def actors_since(chain: Chain, seq: int) -> set[str]:
    """Return who appended to a chain after the event of that number."""
    return set(Event.objects.filter(chain_id=chain.pk, seq__gt=seq).values_list("actor", flat=True))


def details_of(events: Iterable[Event]) -> Details:
    """Return the texts that lie beside events, by (chain id, number) and field; one query a chain."""
    numbers: dict[int, list[int]] = {}
    for event in events:
        numbers.setdefault(event.chain_id, []).append(event.seq)
    found: Details = {}
    for chain_id, seqs in numbers.items():
        kept = set(seqs)
        for detail in asked_for_details(chain_id, min(seqs), max(seqs)).ask():
            if detail.seq in kept:
                found.setdefault((chain_id, detail.seq), {})[detail.field] = detail
    return found


def text_of(event: Event, field: str, details: Details) -> str | None:
    """Return a text of an event from what `details_of` found; None when it never was, or is erased."""
    detail = details.get((event.chain_id, event.seq), {}).get(field)
    if detail is None or detail.erased_at is not None:
        return None
    return detail.text


def texts_of(chains: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Return field and text of everything that lies beside the events of chains, in order, without what is erased; one query."""
    found: dict[int, list[tuple[str, str]]] = {}
    kept = Detail.objects.filter(chain_id__in=list(chains), erased_at=None).order_by("chain_id", "seq", "field")
    for chain_id, field, text in kept.values_list("chain_id", "field", "text"):
        found.setdefault(chain_id, []).append((field, text))
    return found


def latest_texts(chains: Iterable[int], fields: Iterable[str]) -> dict[tuple[int, str], str]:
    """Return the latest text of each of the fields beside the events of each chain, without what is erased; one query."""
    names = sorted(fields)
    kept = ask_among(("latest_texts", *names), chains, partial(_texts_of, fields=names), of=BigIntegerField())
    return {(chain_id, field): text for chain_id, field, text in kept}


def _texts_of(chains: list[Any], fields: list[str]) -> QuerySet[Detail, tuple[int, str, str]]:
    kept = Detail.objects.filter(among("chain_id", chains), field__in=fields, erased_at=None).order_by("seq")
    return kept.values_list("chain_id", "field", "text")
