"""Pages of reports; they are visited as those of managers are."""

from tests.web.manage import browser, cost

__all__ = ["browser", "cost"]
