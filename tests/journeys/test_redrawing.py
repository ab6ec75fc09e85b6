"""A form that the server draws again while somebody goes on filling it in: whatever was entered meanwhile stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.journeys.driving import Visitor
from tests.journeys.lost import Held
from tests.journeys.test_intake import NEXT, Clerk, at_the_page
from tests.world import PICTURE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visitor(live_server: Any, window: Page) -> Visitor:
    return at_the_page(live_server, window, "express", "cs_agent")


@pytest.fixture
def redraws(visitor: Visitor) -> Held:
    return Held(visitor.page, "**/intake/", "_redraw")


def test_answers_and_files_given_while_the_form_is_drawn_again_stay(
    visitor: Visitor, redraws: Held, tmp_path: Path
) -> None:
    page, photograph = visitor.page, tmp_path / "外箱.png"
    photograph.write_bytes(PICTURE)
    uploads = Held(page, "**/uploads/**")
    page.locator("#f-evidence_files input[type=file]").set_input_files(photograph)

    page.locator("#f-recorded_category label.pill").nth(2).click()
    page.locator("#f-concerns_parcel label.pill").nth(0).click()
    page.locator("#f-subject").fill("收到时外箱破损")
    redraws.let_go()
    page.locator("#f-tracking_number").wait_for()
    uploads.let_go()
    page.locator(".file-row [name=evidence_files]").wait_for(state="attached")

    assert page.locator("#f-recorded_category label.pill").nth(2).locator("input").is_checked()
    assert page.locator("#f-concerns_parcel label.pill").nth(0).locator("input").is_checked()
    assert page.locator("#f-subject").input_value() == "收到时外箱破损"
    assert visitor.said == []


def test_what_is_typed_ahead_goes_into_the_next_field(visitor: Visitor, redraws: Held) -> None:
    """The return key after an answer that draws the form again; whoever types on at once loses no letter."""
    page = visitor.page
    page.locator("#f-concerns_parcel input").nth(0).focus()
    for step in ("1", "Enter", "S", "F", "1", "2", "3"):
        page.keyboard.press(step)
    redraws.let_go()
    page.locator("#f-tracking_number:focus").wait_for()

    assert page.locator("#f-tracking_number").input_value() == "SF123"
    assert page.locator("#f-concerns_parcel label.pill").nth(0).locator("input").is_checked()
    Clerk(page).does(NEXT)
    assert page.evaluate("document.activeElement.id") == "f-complainant_name"


def test_a_press_that_lasts_longer_than_the_drawing_is_a_click(visitor: Visitor, redraws: Held) -> None:
    """The form is drawn while the button of the mouse is down: what was pressed is not taken away from under it."""
    page = visitor.page
    page.locator("#f-concerns_parcel label.pill").nth(0).click()
    page.locator("#f-recorded_category label.pill").nth(2).hover()
    page.mouse.down()
    with page.expect_response(lambda r: "_redraw" in (r.request.post_data or "")) as drawn:
        redraws.let_go()
    drawn.value.finished()
    page.locator("#form-body .htmx-request").wait_for(state="detached")
    page.mouse.up()
    page.locator("#f-tracking_number").wait_for()

    assert page.locator("#f-recorded_category label.pill").nth(2).locator("input").is_checked()
    assert visitor.said == []
