"""Moved to `amends.doors.wording`; imported from there by everything new."""

from amends.doors.wording import *  # noqa: F403
