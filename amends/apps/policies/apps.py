from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class PoliciesConfig(AppConfig):
    name = "amends.apps.policies"
    label = "policies"

    def ready(self) -> None:
        post_migrate.connect(_restore_triggers, sender=self)


def _restore_triggers(*, using: str, **_: Any) -> None:
    from amends.apps.policies.triggers import TABLES, create_triggers

    connection = connections[using]
    if set(TABLES) <= set(connection.introspection.table_names()):
        create_triggers(connection)
