"""A network that loses an answer, and one that keeps what is sent waiting: what a page says meanwhile is read in peace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, Route


@dataclass
class LostAnswer:
    """The first form that is sent to an address arrives, and its answer is lost on the way.

    What the page sends again by itself waits until `comes_back`, so that what it says meanwhile can be read however slow the
    machine is. Drawing a form anew is not sending it.
    """

    page: Page
    address: str
    lost: int = 0
    _is_back: bool = False
    _again: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(self.address, self._answers)

    def comes_back(self) -> None:
        """The network works again."""
        self._is_back = True
        for route in self._again:
            route.continue_()

    def _answers(self, route: Route) -> None:
        if self._is_back or route.request.method != "POST" or "_redraw" in (route.request.post_data or ""):
            route.continue_()
        elif self.lost:
            self._again.append(route)
        else:
            self.lost += 1
            route.fetch(timeout=0)  # However long it takes: giving up would send the request on after all.
            route.abort("connectionreset")


class Held:
    """Requests to an address that wait until they are let go or lost; only those that carry `marked`, and not the first `passing`."""

    def __init__(self, page: Page, address: str, marked: str = "", *, passing: int = 0) -> None:
        self.marked, self.passing = marked, passing
        self._waiting: list[Route] = []
        self._end: Callable[[Route], None] | None = None
        page.route(address, self._take)

    def let_go(self) -> None:
        self._ends(lambda route: route.continue_())

    def lose(self) -> None:
        """The line breaks before the server hears of them."""
        self._ends(lambda route: route.abort("connectionreset"))

    def _ends(self, end: Callable[[Route], None]) -> None:
        # What the page has sent by now may come here a moment later.
        self._end = end
        for route in self._waiting:
            end(route)

    def _take(self, route: Route) -> None:
        if self.marked not in (route.request.post_data_buffer or b"").decode(errors="replace"):
            route.continue_()
        elif self.passing:
            self.passing -= 1
            route.continue_()
        elif self._end is not None:
            self._end(route)
        else:
            self._waiting.append(route)
