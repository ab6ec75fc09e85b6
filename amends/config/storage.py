"""One URL becomes Django's storage settings for evidence."""

import importlib.util
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def storage_from_url(url: str) -> dict[str, Any]:
    """Settings for `file:///folder` or `s3://bucket?endpoint=https://…`.

    S3 credentials come from the client's own variables. Refuses other schemes, and S3 without the extra `s3`.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/"):
        return {
            "BACKEND": "amends.config.durable_files.DurableFileStorage",
            "OPTIONS": {
                "location": unquote(parts.path),
                "file_permissions_mode": 0o600,
                "directory_permissions_mode": 0o700,
            },
        }
    if parts.scheme == "s3" and parts.hostname:
        return _s3_storage(bucket=parts.hostname, endpoint=parse_qs(parts.query).get("endpoint", [None])[0])
    raise ImproperlyConfigured("A storage URL reads file:///folder or s3://bucket?endpoint=https://host.")


def _s3_storage(*, bucket: str, endpoint: str | None) -> dict[str, Any]:
    if importlib.util.find_spec("storages") is None:
        raise ImproperlyConfigured("Evidence in S3 needs the extra: pip install 'amends[s3]'.")
    options = {
        "bucket_name": bucket,
        "endpoint_url": endpoint,
        "default_acl": "private",
        "querystring_auth": True,
        "file_overwrite": False,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
