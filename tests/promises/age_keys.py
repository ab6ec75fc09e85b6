"""Run inside an installation: make every kept answer 23 hours older, and run what is due at night."""

import json
from datetime import timedelta

import django

django.setup()

from django.db.models import F  # noqa: E402

from amends.apps.cases.models import IdempotencyKey  # noqa: E402
from amends.apps.cases.tasks import remove_leftovers  # noqa: E402

aged = IdempotencyKey.objects.update(created_at=F("created_at") - timedelta(hours=23))
remove_leftovers({})
print(json.dumps({"aged": aged, "kept": IdempotencyKey.objects.count()}))
