"""Reads from the ledger."""

from collections.abc import Iterable

from amends.apps.ledger.models import Chain, Detail, Event

Details = dict[tuple[int, int], dict[str, Detail]]


def events_of(chain: Chain) -> list[Event]:
    """Return every event of a chain, in order."""
    return list(Event.objects.filter(chain=chain).order_by("seq"))


def details_of(events: Iterable[Event]) -> Details:
    """Return the texts that lie beside events, by (chain id, number) and field; one query a chain."""
    numbers: dict[int, list[int]] = {}
    for event in events:
        numbers.setdefault(event.chain_id, []).append(event.seq)
    found: Details = {}
    for chain_id, seqs in numbers.items():
        wanted = Detail.objects.filter(chain_id=chain_id, seq__gte=min(seqs), seq__lte=max(seqs))
        kept = set(seqs)
        for detail in wanted.order_by("seq", "field"):
            if detail.seq in kept:
                found.setdefault((chain_id, detail.seq), {})[detail.field] = detail
    return found


def text_of(event: Event, field: str, details: Details) -> str | None:
    """Return a text of an event from what `details_of` found; None when it never was, or is erased."""
    detail = details.get((event.chain_id, event.seq), {}).get(field)
    if detail is None or detail.erased_at is not None:
        return None
    return detail.text
