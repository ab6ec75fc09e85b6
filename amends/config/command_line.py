"""`amends …` and `python manage.py …`: one command line."""

import os
import sys


def main() -> None:
    """Run the command that the arguments name; a setting that cannot be meant ends in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")
    # Files that any command writes are for this account alone.
    os.umask(0o077)
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    except ImproperlyConfigured as refusal:
        sys.exit(str(refusal))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
