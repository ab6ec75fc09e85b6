"""Writes to cases: one function a verb family, all through `perform`."""

from amends.apps.cases.actions.perform import Performed, Wish, perform, projector
from amends.apps.cases.actions.register import Contact, register_case

__all__ = ["Contact", "Performed", "Wish", "perform", "projector", "register_case"]
