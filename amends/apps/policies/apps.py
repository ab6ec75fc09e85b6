from django.apps import AppConfig


class PoliciesConfig(AppConfig):
    name = "amends.apps.policies"
    label = "policies"
