from django.apps import AppConfig


class OutlookConfig(AppConfig):
    name = "amends.apps.outlook"
    label = "outlook"

    def ready(self) -> None:
        from amends.apps.outlook import scanning, tasks  # noqa: F401
