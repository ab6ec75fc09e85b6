from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "amends.apps.cases"
    label = "cases"
