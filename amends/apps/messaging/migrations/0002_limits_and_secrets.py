"""Messages with secrets are sealed, some are withheld, and limits are counted."""

from django.db import migrations, models

STATES = [
    ("waiting", "Waiting"),
    ("sending", "Sending"),
    ("sent", "Sent"),
    ("unknown", "Unknown"),
    ("failed", "Failed"),
    ("withheld", "Withheld"),
]


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_messaging")]

    operations = [
        migrations.AddField(
            model_name="outboxmessage", name="sealed", field=models.TextField(blank=True, default=""), preserve_default=False
        ),
        migrations.AddField(model_name="outboxmessage", name="expires_at", field=models.DateTimeField(null=True)),
        migrations.AlterField(
            model_name="outboxmessage",
            name="state",
            field=models.CharField(choices=STATES, default="waiting", max_length=10),
        ),
        migrations.CreateModel(
            name="AllowanceSlot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=80)),
                ("slot", models.PositiveSmallIntegerField()),
                ("used_at", models.DateTimeField(db_index=True)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=["key", "slot"], name="a_slot_once")]},
        ),
        migrations.CreateModel(
            name="DailyCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("used", models.PositiveIntegerField(default=0)),
            ],
            options={"constraints": [models.UniqueConstraint(fields=["name", "day"], name="a_budget_once_a_day")]},
        ),
    ]
