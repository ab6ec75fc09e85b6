"""Which websites may show the form of a desk in a frame."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from amends.apps.ledger.actions import append_in_turn
from amends.apps.policies.models import Desk
from amends.core.refusals import FieldError, InvalidData

MOST = 20
_HOST = r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
_ADDRESS = re.compile(rf"https://{_HOST}(?::\d{{1,5}})?|http://(?:127\.0\.0\.1|localhost)(?::\d{{1,5}})?")


def embed_hosts_of(desk: Desk) -> list[str]:
    """The addresses of the websites that may show the desk's form."""
    return desk.embed_hosts.split()


def read_hosts(text: str) -> list[str]:
    """Addresses from lines as somebody types them: https is added, paths are not taken. Raises InvalidData with each fault.

    A site is named with https, or on this machine for a trial; `*.` in front takes every name below.
    """
    lines = [line.strip().lower().rstrip("/") for line in text.splitlines() if line.strip()]
    hosts = [line if "://" in line else f"https://{line}" for line in lines]
    wrong = [host for host in hosts if not _ADDRESS.fullmatch(host)]
    if len(hosts) > MOST:
        raise InvalidData([FieldError("/hosts", "too_many_rows", {"field": "网站地址", "limit": MOST})])
    if wrong:
        raise InvalidData(
            [FieldError("/hosts", "bad_host", {"field": "网站地址", "value": host[:80]}) for host in wrong]
        )
    return list(dict.fromkeys(hosts))


@transaction.atomic
def set_embed_hosts(desk: Desk, hosts: Sequence[str], *, now: datetime, actor: str) -> None:
    """Let these websites show the desk's form, and no others; recorded on the chain of the desk. Nothing when it is so."""
    if embed_hosts_of(desk) == list(hosts):
        return
    append_in_turn(
        chain_key=f"desk:{desk.code}", chain_kind="desk", kind="set_embed_hosts", at=now, recorded_at=now, actor=actor,
        payload={"desk": desk.code, "hosts": list(hosts)},
    )  # fmt: skip
    desk.embed_hosts = "\n".join(hosts)
    desk.save(update_fields=["embed_hosts"])
