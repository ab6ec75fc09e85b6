from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "amends.apps.cases"
    label = "cases"

    def ready(self) -> None:
        from amends.apps.cases import caring, contacts, converting, organisation, praise, projectors, writing  # noqa: F401
        from amends.apps.cases.proceedings import following, starting  # noqa: F401
