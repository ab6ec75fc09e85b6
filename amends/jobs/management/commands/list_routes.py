"""`amends list_routes`: every address with its audience, permission and kind of object."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from amends.doors.routes import all_routes, undeclared_routes


class Command(BaseCommand):
    help = "List every route with methods, audience, permission and object kind; exit 1 when one declares nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the routes as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        routes = all_routes()
        if options["json"]:
            self.stdout.write(json.dumps([found.as_data() for found in routes], ensure_ascii=False, indent=1))
        else:
            for found in routes:
                methods = ",".join(found.methods)
                self.stdout.write(
                    f"{methods:<12} {found.path:<52} {found.audience:<8} {found.permission:<20} {found.kind}"
                )
        if forgotten := undeclared_routes():
            self.stderr.write(f"Declares nothing, so it answers 404: {', '.join(forgotten)}")
            sys.exit(1)
