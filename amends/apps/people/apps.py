from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class PeopleConfig(AppConfig):
    name = "amends.apps.people"
    label = "people"

    def ready(self) -> None:
        post_migrate.connect(_restore_triggers, sender=self)


def _restore_triggers(*, using: str, **_: Any) -> None:
    from amends.apps.people.triggers import ACCESS, KEPT, create_triggers

    connection = connections[using]
    if ACCESS not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        columns = {column.name for column in connection.introspection.get_table_description(cursor, ACCESS)}
    if set(KEPT) <= columns:
        create_triggers(connection)
