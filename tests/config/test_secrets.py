from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from amends.config.secrets import secret_key

GOOD = "q0u-WBl8KdcQ2vbhZ4nJmTfY7xPs1aRgEoLiUtHkDyV3SzCj96"


def test_the_environment_goes_before_the_file(tmp_path: Path):
    (tmp_path / "secret_key").write_text(GOOD[::-1])

    assert secret_key(from_environment=GOOD, key_file=tmp_path / "secret_key") == (GOOD, True)


def test_the_file_is_read_without_its_line_end(tmp_path: Path):
    (tmp_path / "secret_key").write_text(GOOD + "\n")

    assert secret_key(from_environment="", key_file=tmp_path / "secret_key") == (GOOD, True)


def test_without_either_the_key_lasts_as_long_as_the_process(tmp_path: Path):
    first, kept = secret_key(from_environment="", key_file=tmp_path / "secret_key")
    second, _kept = secret_key(from_environment="", key_file=tmp_path / "secret_key")

    assert kept is False
    assert first != second


@pytest.mark.parametrize("weak", ["short", GOOD[:-1], "a" * 80, "django-insecure-" + GOOD])
def test_a_weak_key_is_refused(tmp_path: Path, weak: str):
    with pytest.raises(ImproperlyConfigured, match="AMENDS_SECRET_KEY is too weak") as refusal:
        secret_key(from_environment=weak, key_file=tmp_path / "secret_key")

    assert weak not in str(refusal.value)
