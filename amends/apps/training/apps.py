from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "amends.apps.training"
    label = "training"
