"""What the web server calls. Start is refused while the secret key is not kept anywhere."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "amends.config.settings")

from django.conf import settings  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connections  # noqa: E402
from django.urls import get_resolver  # noqa: E402

if not settings.SECRET_KEY_IS_KEPT:
    raise ImproperlyConfigured("No secret key: set AMENDS_SECRET_KEY, or use `make run`, which makes one.")

application = get_wsgi_application()

# Loading every view now spares each forked process the work; no connection may cross a fork.
get_resolver().url_patterns  # noqa: B018
connections.close_all()

# A request leaves little behind: cycles are looked for less often, and never among what lives as long as the process.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 50)
