from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "amends.apps.reporting"
    label = "reporting"
