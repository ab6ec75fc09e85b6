import pytest
from django.core.exceptions import ImproperlyConfigured

from amends.config.environment import envbool, envchoice, envint, envlist, envtext


@pytest.mark.parametrize(("text", "meant"), [("true", True), ("false", False), ("TRUE", True), (" ", True)])
def test_a_switch_understands_true_and_false(monkeypatch: pytest.MonkeyPatch, text: str, meant: bool):
    monkeypatch.setenv("AMENDS_TEST_SWITCH", text)

    assert envbool("AMENDS_TEST_SWITCH", default=True) is meant


@pytest.mark.parametrize("text", ["yes", "1", "on", "tru"])
def test_a_switch_refuses_every_other_word(monkeypatch: pytest.MonkeyPatch, text: str):
    monkeypatch.setenv("AMENDS_TEST_SWITCH", text)

    with pytest.raises(ImproperlyConfigured, match="AMENDS_TEST_SWITCH='.+' must be true or false"):
        envbool("AMENDS_TEST_SWITCH", default=False)


@pytest.mark.parametrize(("text", "sentence"), [("two", "whole number"), ("-1", "whole number"), ("0", "at least 1")])
def test_a_number_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch, text: str, sentence: str):
    monkeypatch.setenv("AMENDS_TEST_NUMBER", text)

    with pytest.raises(ImproperlyConfigured, match=f"AMENDS_TEST_NUMBER=.*{sentence}"):
        envint("AMENDS_TEST_NUMBER", default=2, at_least=1)


def test_blank_means_the_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AMENDS_TEST_TEXT", "  ")

    assert envtext("AMENDS_TEST_TEXT", default="here") == "here"
    assert envint("AMENDS_TEST_TEXT", default=7) == 7
    assert envlist("AMENDS_TEST_TEXT") == []


def test_a_list_drops_blanks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AMENDS_TEST_TEXT", "a.example, ,b.example,")

    assert envlist("AMENDS_TEST_TEXT") == ["a.example", "b.example"]


def test_a_choice_names_what_is_possible(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AMENDS_TEST_TEXT", "LOUD")

    with pytest.raises(ImproperlyConfigured, match="must be one of DEBUG, INFO"):
        envchoice("AMENDS_TEST_TEXT", default="INFO", choices={"DEBUG", "INFO"})
