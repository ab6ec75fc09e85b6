from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "amends.apps.studies"
    label = "studies"

    def ready(self) -> None:
        from amends.apps.studies import tasks  # noqa: F401
