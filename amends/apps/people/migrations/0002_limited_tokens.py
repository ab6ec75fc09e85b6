from typing import Any

from django.db import migrations, models


def limit_tokens_with_desks(apps: Any, schema_editor: Any) -> None:
    """Tokens that name desks stay limited when these go. Those that lost all of theirs earlier can not be told any more."""
    tokens = apps.get_model("people", "ApiToken")
    tokens.objects.filter(desks__isnull=False).update(is_limited=True)


class Migration(migrations.Migration):
    dependencies = [("people", "0001_people")]

    operations = [
        migrations.AddField("apitoken", "is_limited", models.BooleanField(db_default=False, default=False)),
        migrations.RunPython(limit_tokens_with_desks, migrations.RunPython.noop),
    ]
