

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0001_policies'),
    ]

    operations = [
        migrations.AddField(
            model_name='packversion',
            name='files_hash',
            field=models.CharField(blank=True, default='', max_length=64),
        ),
    ]
