"""Run inside an installation: a case of the express policy with compensations that two people of finance may pay now."""

import json
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402

from amends.apps.cases.actions import Wish, perform  # noqa: E402
from amends.apps.cases.models import Case  # noqa: E402
from amends.apps.cases.proceeding_models import Proceeding  # noqa: E402
from amends.apps.cases.proceedings.beginning import Beginning, begin_proceeding  # noqa: E402
from amends.apps.cases.proceedings.facts import facts_behind, facts_of_proceeding  # noqa: E402
from amends.apps.cases.queries import Viewer  # noqa: E402
from amends.apps.people.actions import create_token, grant_role  # noqa: E402
from amends.apps.people.models import Person  # noqa: E402
from amends.core.facts import CaseFacts  # noqa: E402
from tests.world import DeskWorld, open_world  # noqa: E402

LOSSES = ("damage", "delay", "overcharge", "other_loss")
ASKED = {
    "loss_amount": "200", "insured": False, "compensation_form": "cash", "payee": "complainant", "payee_account_tail": "0123",
    "fault_lies_with": "company", "deviation_reason": None,
}  # fmt: skip
PAID = {"payment_form": "cash", "payment_to": "complainant", "payment_account_tail": "0123"}


def main() -> None:
    now = timezone.now()
    world = open_world("express", now=now, code="paying")
    payers = [world.person("finance_officer"), world.person("executive")]
    grant_role(person=payers[1], desk=world.desk, role="finance_officer", by="system", now=now)
    case = world.register()
    for verb in ("accept", "confirm", "grade", "dispatch", "sign_in", "investigate"):
        case = world.do(case, verb)
    keys = [payable(world, case, loss) for loss in LOSSES]
    tokens = [create_token(person=p, name="harness", scopes=["all"], desks=[], now=now)[1] for p in payers]
    payments = {key: [payment(world, key, payer) for payer in payers] for key in keys}
    print(json.dumps({"tokens": tokens, "payments": payments}))


def payable(world: DeskWorld, case: Case, loss: str) -> str:
    """The id of a compensation that is approved and agreed."""
    facts = CaseFacts(behind=facts_behind(case=case, parent=None))
    wishes = {**ASKED, "loss_kind": loss, "loss_text": "杯子碎了。"}
    data = world.answers("compensation", facts, wishes, owner=case.handler.actor_id)
    begun = begin_proceeding(
        Beginning(
            kind="compensation",
            desk=world.desk,
            case=case,
            data=data,
            caller=caller(world, case.handler),
            now=world.now,
        )
    )
    step(world, begun, "approve", world.person("cs_supervisor"), {})
    day = (world.now + timedelta(days=3)).date().isoformat()
    agent = world.person("cs_agent")
    agreed = world.answers("compensation_agreement", facts, {"agreed_pay_date": day}, owner=agent.actor_id)
    step(world, begun, "agree", agent, agreed)
    return str(begun.pk)


def caller(world: DeskWorld, person: Person):
    return Viewer(person=person, now=world.now).caller(world.desk, world.pack)


def step(world: DeskWorld, proceeding: Proceeding, verb: str, person: Person, data: dict) -> None:
    proceeding.refresh_from_db()
    wish = Wish(verb=verb, data=data, caller=caller(world, person), now=world.now, version=proceeding.version)
    perform(proceeding, wish)


def payment(world: DeskWorld, key: str, payer: Person) -> dict:
    """What this person of finance would send to record the payment, with a proof of their own."""
    facts = facts_of_proceeding(Proceeding.objects.get(pk=key))
    minor = facts.value("compensation_amount")["minor"]
    wishes = {**PAID, "payment_amount": f"{minor / 100:.2f}", "payment_date": world.now.date().isoformat()}
    return world.answers("compensation_payment", facts, wishes, owner=payer.actor_id)


if __name__ == "__main__":
    main()
