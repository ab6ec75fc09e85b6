"""docs/clauses.yaml is the packs' clauses together."""

from ruamel.yaml import YAML

from tools.clause_catalogue import CATALOGUE, catalogue, catalogue_text


def test_the_catalogue_is_equal_to_the_packs() -> None:
    """Made by `python -m tools.clause_catalogue`."""
    assert CATALOGUE.read_text(encoding="utf-8") == catalogue_text()


def test_the_catalogue_reads_back_as_the_packs_have_it() -> None:
    read = YAML(typ="safe", pure=True).load(CATALOGUE.read_text(encoding="utf-8"))
    assert read == catalogue()


def test_no_clause_stands_in_two_packs() -> None:
    ids = [clause["id"] for clauses in catalogue().values() for clause in clauses]
    assert len(ids) == len(set(ids))
