"""The bands of cases that were there before, and what their customers said last; in batches, and safe to run again."""

import json

from django.db import migrations
from django.db.models import Q

RESTING = ("done", "archived")
BATCH = 1000


def fill(apps, schema_editor):
    case, version = apps.get_model("cases", "Case"), apps.get_model("policies", "PackVersion")
    for pack in version.objects.all():
        content = json.loads(pack.content)
        has_level = bool((content.get("grading") or {}).get("level"))
        cases = case.objects.filter(pack=pack)
        unsettled = cases.exclude(state_category__in=RESTING)
        set_band(cases.filter(state_category__in=RESTING), 9)
        set_band(cases.filter(state__in=states_to_archive(content["lifecycle"])), 5)
        set_band(unsettled.filter(is_late=True), 3)
        if has_level:
            set_band(unsettled.filter(is_late=True, level=""), 2)
        set_band(unsettled.filter(urgent=True), 1)
        set_band(unsettled.filter(urgent=True, is_late=True), 0)
    spoken = case.objects.filter(facts__contains='"complainant:').only("pk", "facts")
    for one in spoken.iterator(chunk_size=BATCH):
        case.objects.filter(pk=one.pk).update(customer_said_at=said_last(json.loads(one.facts)["done"]))


def set_band(cases, band):
    """Batch by batch, so that no lock lasts."""
    while keys := list(cases.filter(~Q(band=band)).values_list("pk", flat=True)[:BATCH]):
        cases.model.objects.filter(pk__in=keys).update(band=band)


def states_to_archive(process):
    categories = {name: state["category"] for name, state in process["states"].items()}
    found = set()
    for step in process["transitions"]:
        for state in step.get("from_") or step.get("from") or ():
            target = state if step["to"] == "same" else step["to"]
            if categories.get(state) == "done" and categories.get(target) == "archived":
                found.add(state)
    return found


def said_last(done):
    spoken = None
    for verb, doing in sorted(done.items(), key=lambda item: item[1]["seq"]):
        if verb in ("register", "take_over"):
            continue
        if doing["actor"].startswith("complainant:"):
            spoken = doing["at"]
        elif doing["actor"].startswith("person:"):
            spoken = None
    return spoken


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("cases", "0009_queue_bands"), ("policies", "0001_policies")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
