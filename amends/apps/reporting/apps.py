from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "amends.apps.reporting"
    label = "reporting"

    def ready(self) -> None:
        from amends.apps.reporting import documents, keeping  # noqa: F401
