"""Levels of the escalation policy."""

import pytest

PACKS = ("escalation",)


@pytest.mark.clause("ESC-2.1.1")
def test_a_threat_to_personal_safety_is_level_1(office):
    clerk = office.api("intake_officer")

    number = clerk.registered(category="product_quality", safety_threat=True)

    assert clerk.case(number)["level"] == "level_1"
