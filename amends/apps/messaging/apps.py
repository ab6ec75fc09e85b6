from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "amends.apps.messaging"
    label = "messaging"
