from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "amends.apps.ledger"
    label = "ledger"
