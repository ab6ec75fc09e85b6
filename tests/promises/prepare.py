"""Run inside an installation with empty tables: a published pack, a desk with people, a token for each, and a form filled in."""

import json

import django

django.setup()

from django.utils import timezone  # noqa: E402

from amends.apps.people.actions import create_token  # noqa: E402
from amends.core.facts import CaseFacts  # noqa: E402
from tests.promises.installation import PACK  # noqa: E402
from tests.world import open_world, publish_shipped  # noqa: E402


def main() -> None:
    now = timezone.now()
    publish_shipped((PACK,), now=now)
    world = open_world(PACK, now=timezone.now())
    tokens = {}
    for (role, function), person in world.organisation.people.items():
        _, secret = create_token(person=person, name="harness", scopes=["all"], desks=[], now=now)
        tokens.setdefault(role, secret)
        tokens[f"{role}@{function}"] = secret
    kind, channel = "complaint", "telephone"
    facts = CaseFacts(values={"kind": kind, "channel": channel})
    form = world.pack.channels.kinds[kind].form
    data = world.answers(form, facts, {"evidence_files": None}, owner="nobody")
    print(json.dumps({"tokens": tokens, "desk": world.desk.code, "kind": kind, "channel": channel, "form": data}))


if __name__ == "__main__":
    main()
