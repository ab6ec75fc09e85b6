"""Moved to `amends.doors.routes`; imported from there by everything new."""

from amends.doors.routes import *  # noqa: F403
from amends.doors.routes import Declared, Route, all_routes, declaration_of, declare, route, undeclared_routes  # noqa: F401
