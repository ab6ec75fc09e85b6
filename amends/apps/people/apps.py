from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "amends.apps.people"
    label = "people"
