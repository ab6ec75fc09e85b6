"""A request for a portal code is kept whether number and address belong together or not."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_old_records")]

    operations = [
        migrations.AlterField(
            model_name="portalcode",
            name="case",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="portal_codes",
                to="cases.case",
            ),
        ),
        migrations.AlterField(
            model_name="portalcode", name="code_hash", field=models.CharField(blank=True, max_length=128)
        ),
        migrations.AddField(
            model_name="portalcode",
            name="number",
            field=models.CharField(default="", max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="portalcode",
            name="address_hash",
            field=models.CharField(db_index=True, default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="portalcode",
            name="session",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="portalcode",
            name="language",
            field=models.CharField(default="zh-hans", max_length=10),
        ),
    ]
