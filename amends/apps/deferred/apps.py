from django.apps import AppConfig


class DeferredConfig(AppConfig):
    name = "amends.apps.deferred"
    label = "deferred"
