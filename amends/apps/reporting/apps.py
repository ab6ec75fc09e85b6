from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "amends.apps.reporting"
    label = "reporting"

    def ready(self) -> None:
        from amends.apps.reporting import keeping  # noqa: F401
        from amends.apps.reporting.documents import drawing  # noqa: F401
