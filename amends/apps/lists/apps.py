from django.apps import AppConfig


class ListsConfig(AppConfig):
    name = "amends.apps.lists"
    label = "lists"
