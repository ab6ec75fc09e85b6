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


def texts_of(chains: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Return field and text of everything that lies beside the events of chains, in order, without what is erased; one query."""
    found: dict[int, list[tuple[str, str]]] = {}
    kept = Detail.objects.filter(chain_id__in=list(chains), erased_at=None).order_by("chain_id", "seq", "field")
    for chain_id, field, text in kept.values_list("chain_id", "field", "text"):
        found.setdefault(chain_id, []).append((field, text))
    return found


def latest_texts(chains: Iterable[int], fields: Iterable[str]) -> dict[tuple[int, str], str]:
    """Return the latest text of each of the fields beside the events of each chain, without what is erased; one query."""
    kept = Detail.objects.filter(chain_id__in=list(chains), field__in=list(fields), erased_at=None).order_by("seq")
    return {(chain_id, field): text for chain_id, field, text in kept.values_list("chain_id", "field", "text")}
