from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lists', '0001_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='asked_for',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
