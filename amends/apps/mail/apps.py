from django.apps import AppConfig


class MailConfig(AppConfig):
    name = "amends.apps.mail"
    label = "mail"

    def ready(self) -> None:
        from amends.apps.mail import erasing, threads  # noqa: F401
