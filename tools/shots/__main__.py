"""`make shots`: pictures of every page at three widths, by day and by night, full and empty, of demos that it serves itself.

The pictures and the two demos lie in var/shots: `full` has all its cases, `empty` has none. They are served on ports 8940 and 8941,
or from SHOTS_PORT on, so that two clones take pictures at once. `ARGS="queue case"` takes the pages whose
name begins so, `ARGS="--quick"` leaves out the night and the middle width, `ARGS="--fresh"` makes the demos anew. The exit code is 1 when a page is wider than its window, says something to
the console, or can not be reached.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright
from ruamel.yaml import YAML

from tools.house import BROWSERS, say
from tools.shots.installation import OUT, Installation

HERE = Path(__file__).parent
WIDTHS = {390: 844, 768: 1024, 1440: 900}
THEMES = ("light", "dark")
QUICK_WIDTHS, QUICK_THEMES = (390, 1440), ("light",)
AS_PEOPLE_SEE = (*BROWSERS[1:], BROWSERS[0])
"""The whole browser first; the one without a desktop where there is no other."""
ARGUMENTS = ["--lang=zh-CN", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SPEAKS = {"LANG": "zh_CN.UTF-8", "LANGUAGE": "zh_CN"}
"""Fields for a day and a time are drawn in the language of the browser itself, not in that of the page."""
PATIENCE_MILLISECONDS = 60_000
ENTER_PIN = """
(pin) => {
  const form = Object.assign(document.createElement("form"), { method: "post", action: "pin/" });
  form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
  form.append(Object.assign(document.createElement("input"), { name: "pin", value: pin }));
  document.body.append(form);
  form.submit();
}
"""
"""Open a case from its private link as somebody does who holds the PIN of the receipt."""
SEND_CODE = "form[action$='/code/'] button"
LOADED = "(performance.timeOrigin - 200) / 1000"
"""Since when a code may have left: a moment before the page that asks for it, in seconds since 1970."""
SEND_OUTDATED = """
(form) => {
  form.elements.csrfmiddlewaretoken.value = "x".repeat(64);
  HTMLFormElement.prototype.submit.call(form);
}
"""
"""Send a form as a page does that has been open for too long."""


def main(arguments: list[str]) -> int:
    asked = _asked(arguments)
    book = YAML(typ="safe").load(HERE / "pages.yaml")
    pages = [{**page, "as": book["people"].get(page.get("as"))} for page in book["pages"]]
    pages = [page for page in pages if not asked.names or page["name"].startswith(tuple(asked.names))]
    faults = list[str]()
    with sync_playwright() as playwright:
        path = next(found for name in AS_PEOPLE_SEE if (found := shutil.which(name)))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, env={**os.environ, **SPEAKS})
        for name in ("full", "empty"):
            if taken := [page for page in pages if name in page.get("in", "full")]:
                with Installation(name).served(fresh=asked.fresh) as installation:
                    faults += _pictures_of(browser, installation, taken, quick=asked.quick)
        browser.close()
    for fault in faults:
        say(fault)
    return int(bool(faults))


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make shots", description="Pictures of every page, in var/shots.")
    parser.add_argument("names", nargs="*", help="how the names of the wanted pages begin")
    parser.add_argument("--quick", action="store_true", help="by day alone, at the smallest and the largest width")
    parser.add_argument("--fresh", action="store_true", help="make the demos anew")
    return parser.parse_args(arguments)


def _pictures_of(
    browser: Browser, installation: Installation, pages: list[dict[str, Any]], *, quick: bool
) -> Iterator[str]:
    """Take the pictures of some pages; yields what is wrong with them. One window serves all pages of a person."""
    for person, language in dict.fromkeys((page["as"], page.get("language", "zh-hans")) for page in pages):
        mine = [page for page in pages if (page["as"], page.get("language", "zh-hans")) == (person, language)]
        with browser.new_context(locale="en-US" if language == "en" else "zh-CN") as context:
            context.set_default_timeout(PATIENCE_MILLISECONDS)
            _sign_in(context, installation, person)
            _speak(context, installation, language)
            for page in mine:
                with context.new_page() as window:
                    yield from _pictures(window, installation, page, quick=quick)


def _pictures(window: Page, installation: Installation, page: dict[str, Any], *, quick: bool) -> Iterable[str]:
    """The six pictures of one page, quickly two; it is loaded once a width, and the light goes on and off."""
    said = list[str]()
    window.on("pageerror", lambda error: said.append(str(error)))
    folder, wide = OUT / installation.name, list[str]()
    try:
        address = _address(window, installation, page)
        for width in QUICK_WIDTHS if quick else WIDTHS:
            if width < page.get("from_width", 0):
                continue
            height = WIDTHS[width]
            window.set_viewport_size({"width": width, "height": height})
            window.goto(installation.base + address, wait_until="load")
            for step in page.get("steps", ()):
                _step(window, step, installation)
            window.wait_for_load_state("networkidle")
            is_open = window.locator("dialog[open]").count() > 0
            window.evaluate("scrollTo(0, 0)")
            for theme in QUICK_THEMES if quick else THEMES:
                window.emulate_media(color_scheme=theme)
                file = folder / theme / str(width) / f"{page['name']}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                window.screenshot(path=file, full_page=not is_open, animations="disabled")
            beyond = window.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if beyond > 0:
                wide.append(f"{beyond} pixels wider than {width}")
    except Error as error:
        said.append(error.message.splitlines()[0])
    say(f"{installation.name}/{page['name']}")
    return [f"{installation.name}/{page['name']}: {sentence}" for sentence in said + wide]


def _address(window: Page, installation: Installation, page: dict[str, Any]) -> str:
    """Where the page is: at its path, in which `{link}` is the first such link of the page it is found `at`."""
    path: str = page["path"]
    if "letter" in page:
        link, pin = installation.letters()[page["letter"]]
        if page.get("opened") and (not pin or page["opened"] == "code"):
            return path.replace("{case}", _opened_by_code(window, installation, link))
        if page.get("opened"):
            window.goto(link)
            window.evaluate(ENTER_PIN, pin)
            window.wait_for_url("**/portal/case/**")
            return path.replace("{case}", window.url.removeprefix(installation.base))
        return path.replace("{letter}", link.removeprefix(installation.base))
    if "at" not in page:
        return path
    window.goto(installation.base + page["at"])
    link = window.locator(page.get("link", "[data-row-link]")).first.get_attribute("href") or ""
    return path.replace("{link}", link)


def _opened_by_code(window: Page, installation: Installation, link: str) -> str:
    """The path of what a private link leads to, opened in this browser by the code that is sent."""
    window.goto(link)
    if window.locator(SEND_CODE).count():
        _step(window, {"click": SEND_CODE}, installation)
        _step(window, {"code": "#code"}, installation)
        _step(window, {"click": "form:has(#code) [type=submit]"}, installation)
        window.wait_for_url(lambda address: not address.endswith("/code/"))
    return window.url.removeprefix(installation.base)


def _step(window: Page, step: dict[str, Any], installation: Installation) -> None:
    """One thing that a person does on the page before the picture is taken."""
    ((does, what),) = step.items()
    if does == "click":
        window.locator(what).first.click()
    elif does == "press":
        window.keyboard.press(what)
    elif does == "fill":
        for selector, text in what.items():
            window.locator(selector).first.fill(str(text))
    elif does == "code":
        window.locator(what).first.fill(installation.newest_code(sent_after=window.evaluate(LOADED)))
    elif does == "choose":
        for selector, value in what.items():
            window.locator(selector).first.select_option(value)
    elif does == "see":
        window.locator(what).first.wait_for()
    elif does == "outdate":
        window.locator(what).evaluate(SEND_OUTDATED)
    elif does == "find":
        window.locator(what).first.wait_for(state="attached")
    window.wait_for_load_state("networkidle")


def _sign_in(context: BrowserContext, installation: Installation, username: str | None) -> None:
    if username is None:
        return
    with context.new_page() as window:
        window.goto(f"{installation.base}/sign-in/")
        window.locator("#id_username").fill(username)
        window.locator("#id_password").fill(installation.password(username))
        window.locator("form[action='/sign-in/'] .btn-primary").click()
        window.locator("#side").wait_for()


def _speak(context: BrowserContext, installation: Installation, language: str) -> None:
    """Choose the language as people do: what somebody chose once goes before what their browser says."""
    with context.new_page() as window:
        window.goto(installation.base)
        wanted = window.locator(f"button[name=language][value={language}]").first
        wanted.evaluate("button => button.getAttribute('aria-current') || button.click()")
        window.locator(f"button[name=language][value={language}][aria-current]").first.wait_for(state="attached")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
