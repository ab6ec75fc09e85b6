"""A chain that does not hold is named by its first bad number and what was done to it."""

import pytest

from amends.core.chain import GENESIS, Fault, FaultKind, Head, Link, diagnose, event_hash, is_whole, listed_fault

KEY = "case:1"
AT = "2026-03-01T02:03:04Z"


def sealed(seq, prev_hash, payload):
    parts = (prev_hash, "accept", AT, AT, "person:12", payload)
    return Link(seq, *parts, event_hash(KEY, seq, *parts))


def chain_of(length, *, start=1, prev_hash=GENESIS, mark="a"):
    links = []
    for seq in range(start, start + length):
        links.append(sealed(seq, prev_hash, f'{{"{mark}":{seq}}}'))
        prev_hash = links[-1].hash
    return links


def head_of(links):
    return Head(links[-1].seq, links[-1].hash) if links else Head(0, GENESIS)


def renumbered(links, *, by):
    return [link._replace(seq=link.seq + by) for link in links]


LINKS = chain_of(8)
HEAD = head_of(LINKS)


def edited(links):
    return [*links[:3], links[3]._replace(payload='{"a":0}'), *links[4:]]


def edited_and_sealed_anew(links):
    return [*links[:3], sealed(4, links[3].prev_hash, '{"a":0}'), *links[4:]]


def deleted(links):
    return [*links[:3], *links[4:]]


def deleted_and_closed_up(links):
    return [*links[:3], *renumbered(links[4:], by=-1)]


def inserted_without_seal(links):
    stranger = links[3]._replace(payload='{"x":1}', hash="f" * 64)
    return [*links[:3], stranger, *renumbered(links[3:], by=1)]


def inserted_with_seal(links):
    return [*links[:3], sealed(4, links[2].hash, '{"x":1}'), *renumbered(links[3:], by=1)]


def swapped_by_number(links):
    return [*links[:3], links[5]._replace(seq=4), links[4], links[3]._replace(seq=6), *links[6:]]


def swapped_by_content(links):
    there, here = links[5].payload, links[3].payload
    return [*links[:3], links[3]._replace(payload=there), links[4], links[5]._replace(payload=here), *links[6:]]


def tail_cut(links):
    return links[:5]


def all_gone(links):
    return []


def two_branches(links):
    return [*links, sealed(9, links[3].hash, '{"x":1}')]


def same_number_twice(links):
    return [*links[:4], sealed(4, links[2].hash, '{"x":1}'), *links[4:]]


def appended_past_the_head(links):
    return [*links, sealed(9, links[7].hash, '{"x":1}')]


def recomputed_from_the_fourth(links):
    return [*links[:3], *chain_of(5, start=4, prev_hash=links[2].hash, mark="x")]


def test_an_untouched_chain_is_whole():
    assert is_whole(KEY, LINKS, HEAD)
    assert diagnose(KEY, LINKS, HEAD) is None
    assert is_whole(KEY, [], Head(0, GENESIS))


@pytest.mark.parametrize(
    ("tamper", "seq", "kind"),
    [
        (edited, 4, FaultKind.EDITED),
        (edited_and_sealed_anew, 4, FaultKind.EDITED),
        (deleted, 4, FaultKind.MISSING),
        (deleted_and_closed_up, 4, FaultKind.MISSING),
        (inserted_without_seal, 4, FaultKind.INSERTED),
        (inserted_with_seal, 4, FaultKind.INSERTED),
        (swapped_by_number, 4, FaultKind.SWAPPED),
        (swapped_by_content, 4, FaultKind.SWAPPED),
        (tail_cut, 6, FaultKind.TAIL_CUT),
        (all_gone, 1, FaultKind.WIPED),
        (two_branches, 9, FaultKind.FORKED),
        (same_number_twice, 4, FaultKind.FORKED),
        (appended_past_the_head, 9, FaultKind.INSERTED),
        (recomputed_from_the_fourth, 8, FaultKind.RECOMPUTED),
    ],
)
def test_what_was_done_to_a_chain_is_named(tamper, seq, kind):
    links = tamper(LINKS)

    assert not is_whole(KEY, links, HEAD)
    assert diagnose(KEY, links, HEAD) == Fault(KEY, seq, kind)


@pytest.mark.parametrize("column", ["prev_hash", "kind", "at", "recorded_at", "actor", "payload", "hash"])
def test_every_column_is_sealed(column):
    links = [*LINKS[:3], LINKS[3]._replace(**{column: "changed"}), *LINKS[4:]]

    assert diagnose(KEY, links, HEAD) == Fault(KEY, 4, FaultKind.EDITED)


def test_an_event_does_not_fit_another_chain():
    assert not is_whole("case:2", LINKS, HEAD)


def test_a_careful_recomputation_shows_only_against_a_listed_head():
    links = recomputed_from_the_fourth(LINKS)
    listed = [Head(3, LINKS[2].hash), Head(6, LINKS[5].hash)]

    assert is_whole(KEY, links, head_of(links))
    assert listed_fault(KEY, [link.hash for link in links], listed) == Fault(KEY, 4, FaultKind.RECOMPUTED)


def test_a_careful_cut_shows_only_against_a_listed_head():
    hashes = [link.hash for link in LINKS[:5]]

    assert is_whole(KEY, LINKS[:5], head_of(LINKS[:5]))
    assert listed_fault(KEY, hashes, [HEAD]) == Fault(KEY, 6, FaultKind.TAIL_CUT)
    assert listed_fault(KEY, [], [HEAD]) == Fault(KEY, 1, FaultKind.WIPED)


def test_a_chain_that_grew_agrees_with_the_heads_it_had():
    hashes = [link.hash for link in LINKS]

    assert listed_fault(KEY, hashes, [Head(3, LINKS[2].hash), Head(6, LINKS[5].hash)]) is None
