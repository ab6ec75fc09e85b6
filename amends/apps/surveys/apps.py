from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "amends.apps.surveys"
    label = "surveys"

    def ready(self) -> None:
        from amends.apps.surveys import erasing, inviting, tasks  # noqa: F401
