from django.apps import AppConfig


class UpkeepConfig(AppConfig):
    name = "amends.apps.upkeep"
    label = "upkeep"
