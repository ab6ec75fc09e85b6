import pytest
from django.core.exceptions import ImproperlyConfigured

from amends.config.storage import storage_from_url


def test_files_are_for_their_owner_alone():
    options = storage_from_url("file:///srv/amends/files")["OPTIONS"]

    assert options == {
        "location": "/srv/amends/files",
        "file_permissions_mode": 0o600,
        "directory_permissions_mode": 0o700,
    }


@pytest.mark.parametrize("url", ["", "files", "file://files", "ftp://host/files", "s3://"])
def test_other_urls_are_refused(url: str):
    with pytest.raises(ImproperlyConfigured, match="A storage URL reads"):
        storage_from_url(url)
