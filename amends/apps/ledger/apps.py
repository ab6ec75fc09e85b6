from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    name = "amends.apps.ledger"
    label = "ledger"

    def ready(self) -> None:
        post_migrate.connect(_restore_triggers, sender=self)


def _restore_triggers(*, using: str, **_: Any) -> None:
    from amends.apps.ledger.triggers import TABLES, create_triggers

    connection = connections[using]
    if set(TABLES) <= set(connection.introspection.table_names()):
        create_triggers(connection)
