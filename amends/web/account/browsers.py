"""A browser as its owner recognises it: its name and the system it runs on."""

from __future__ import annotations

from django.utils.translation import gettext

BROWSERS = (
    ("MicroMessenger", "微信"), ("wxwork", "企业微信"), ("DingTalk", "钉钉"), ("Lark", "飞书"), ("Edg", "Edge"),
    ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
NAMES = {
    "微信": lambda: gettext("微信"),
    "企业微信": lambda: gettext("企业微信"),
    "钉钉": lambda: gettext("钉钉"),
    "飞书": lambda: gettext("飞书"),
}


def browser_words(user_agent: str) -> str:
    """Such as “Chrome · Windows”; what is not known says so."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((system for mark, system in SYSTEMS if mark in user_agent), "")
    said = [NAMES[name]() if name in NAMES else name, system]
    return " · ".join(part for part in said if part) or gettext("未知浏览器")
