"""A test's rows vanish with its transaction, so what the process keeps of them in memory has to go as well."""

from collections.abc import Iterator

import pytest

from amends.apps.policies.queries import forget_what_is_kept_in_memory


@pytest.fixture(autouse=True)
def nothing_is_kept_from_the_test_before() -> Iterator[None]:
    forget_what_is_kept_in_memory()
    yield
    forget_what_is_kept_in_memory()
