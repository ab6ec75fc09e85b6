from django.apps import AppConfig


class CircularsConfig(AppConfig):
    name = "amends.apps.circulars"
    label = "circulars"
