from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "amends.apps.cases"
    label = "cases"

    def ready(self) -> None:
        from amends.apps.cases import converting, projectors  # noqa: F401
