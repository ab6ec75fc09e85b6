"""The offices of the acceptance tests serve here as well."""

from tests.acceptance.conftest import clock, made_worlds, office, office_of

__all__ = ["clock", "made_worlds", "office", "office_of"]
