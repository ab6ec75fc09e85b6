"""Days count what stands in each state and how long visits took. `amends rebuild_figures` fills in the counts of earlier cases."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("reporting", "0002_days_of_limits")]

    operations = [
        migrations.AddField("dayfact", "state", models.CharField(max_length=63, default="", db_default="")),
        migrations.AddField("dayfact", "ended", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("dayfact", "standing", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("dayfact", "visits", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("dayfact", "visit_seconds", models.BigIntegerField(default=0, db_default=0)),
        migrations.RemoveIndex("dayfact", "days_of_a_desk"),
        migrations.AddIndex(
            "dayfact", models.Index(condition=Q(("state", "")), fields=["desk", "day"], name="days_of_a_desk")
        ),
        migrations.AddIndex(
            "dayfact", models.Index(condition=~Q(("state", "")), fields=["desk", "day"], name="days_of_states")
        ),
        migrations.AddIndex(
            "dayfact", models.Index(condition=~Q(("standing", 0)), fields=["desk", "day"], name="days_of_what_is_open")
        ),
        migrations.AddIndex(
            "casefact",
            models.Index(
                condition=Q(("closed_at", None), ("limit_stopped_at", None)), fields=["desk", "limit_due_at"], name="figures_of_running_limits",
            ),
        ),
    ]  # fmt: skip
