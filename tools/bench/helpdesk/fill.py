"""Fill django-helpdesk with as many tickets as the product has cases, one in a hundred of them open; prints what to ask for.

`python -m tools.bench.helpdesk.fill TICKETS OPEN`, in the environment where django-helpdesk is installed.
"""

import base64
import json
import os
import sys
from datetime import timedelta


def fill(tickets: int, open_tickets: int) -> dict[str, object]:
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.utils import timezone
    from helpdesk.models import FollowUp, Queue, Ticket

    call_command("migrate", verbosity=0)
    queue = Queue.objects.create(title="客服部", slug="service")
    agent = get_user_model().objects.create_superuser("agent", "agent@example.com", None)
    now = timezone.now()
    text = "收件人反映快件在中转站停留三天未更新，客服承诺当日回电但没有回电，要求说明原因并尽快派送。"
    for begin in range(0, tickets, 5_000):
        made = Ticket.objects.bulk_create(
            Ticket(
                title=f"第 {n} 号快件迟到", queue=queue, created=now - timedelta(minutes=13 * n),
                submitter_email=f"c{n % 2000}@example.com", description=text, priority=n % 5 + 1,
                status=Ticket.OPEN_STATUS if n < open_tickets else Ticket.CLOSED_STATUS,
            )
            for n in range(begin, min(begin + 5_000, tickets))
        )  # fmt: skip
        FollowUp.objects.bulk_create(
            FollowUp(ticket=ticket, date=now, title="记录", comment=text, public=True, user=agent)
            for ticket in made
            for _ in range(2)
        )
    session = SessionStore()
    session[SESSION_KEY] = str(agent.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = agent.get_session_auth_hash()
    session.create()
    asked = {"filtering": {"status__in": [1, 2]}, "sorting": "priority", "search_string": "", "filtering_null": {}}
    query = base64.b64encode(json.dumps(asked).encode()).decode()
    some = list(Ticket.objects.filter(status=1).values_list("pk", flat=True)[:200])
    return {
        "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
        "queue": ["/tickets/", f"/datatables_ticket_list/{query}?draw=1&start=0&length=25"],
        "tickets": [f"/tickets/{pk}/" for pk in some],
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tools.bench.helpdesk.settings")
    print(json.dumps(fill(int(sys.argv[1]), int(sys.argv[2]))))
