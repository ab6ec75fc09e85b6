"""The day on which the limit of a case falls, and an index over open cases. `amends rebuild_figures` fills in the day of earlier cases."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_figures")]

    operations = [
        migrations.AddField("casefact", "limit_due_on", models.DateField(null=True)),
        migrations.AddIndex(
            "casefact", models.Index(fields=["desk", "limit_due_on"], name="figures_by_limit")
        ),
        migrations.AddIndex(
            "casefact",
            models.Index(condition=models.Q(("closed_at", None)), fields=["desk"], name="figures_of_open_cases"),
        ),
    ]
