"""A network that loses an answer: the server did what it was asked, and the page does not hear of it."""

from __future__ import annotations

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
