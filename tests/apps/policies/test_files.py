"""Pack folders are read as written: nothing becomes a number or a truth value by surprise, and every key has a line."""

from pathlib import Path

import pytest

from amends.apps.policies.files import read_folder


def folder_with(tmp_path: Path, **files: str) -> Path:
    for stem, text in files.items():
        (tmp_path / f"{stem}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12:30", "12:30"),
        ("no", "no"),
        ("on", "on"),
        ("0123", "0123"),
        ("7.2", "7.2"),
        ("1e3", "1e3"),
        ("2026-02-13", "2026-02-13"),
        ("2026-02-13T17:50+08:00", "2026-02-13T17:50+08:00"),
        ("是", "是"),
        ("50%", "50%"),
        ('"12"', "12"),
        ("'true'", "true"),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_scalar_stays_what_was_written(tmp_path: Path, written: str, value: object) -> None:
    found = read_folder(folder_with(tmp_path, anything=f"key: {written}\n"))
    assert found.raw["extra"]["anything"] == {"key": value}
    assert type(found.raw["extra"]["anything"]["key"]) is type(value)


def test_every_key_has_its_file_and_line(tmp_path: Path) -> None:
    found = read_folder(folder_with(tmp_path, clocks="# a comment\n- id: answer\n  limit:\n    hours: 1\n"))
    assert str(found.place(("clocks", 0, "limit", "hours"))) == f"{tmp_path / 'clocks.yaml'}:4"
    assert str(found.place(("clocks", 0, "limit", "days"))) == f"{tmp_path / 'clocks.yaml'}:3"
    assert str(found.place(("clocks", 5))) == f"{tmp_path / 'clocks.yaml'}:1"


def test_a_file_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "clocks.yaml").write_bytes("标题: 时限".encode("gb18030"))
    codes = {(problem.path, problem.code) for problem in read_folder(tmp_path).problems}
    assert (("clocks",), "unreadable") in codes


def test_endless_nesting_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    found = read_folder(folder_with(tmp_path, anything="[" * 5000))
    assert [problem.code for problem in found.problems if problem.path[0] == "extra"] == ["yaml"]


@pytest.mark.parametrize(("lines", "said"), [(10, "expected <block end>"), (30_000, "did not find expected")])
def test_a_fault_in_a_large_file_is_found_as_fast_as_in_a_small_one(tmp_path: Path, lines: int, said: str) -> None:
    found = read_folder(folder_with(tmp_path, pack="- abcdef\n" * lines + "]\n"))
    (problem,) = [problem for problem in found.problems if problem.code == "yaml"]
    assert said in problem.message


def test_what_names_itself_is_one_problem_at_its_line(tmp_path: Path) -> None:
    found = read_folder(
        folder_with(tmp_path, kpis="indicators:\n  - population: &all {any: [*all]}\n    again: {fact: counts}\n")
    )
    (problem,) = [one for one in found.problems if one.code in ("names_itself", "deep")]
    assert (problem.message, found.places[problem.path].line) == ("这里引用了它自己。", 2)


def test_what_is_named_twice_is_no_problem(tmp_path: Path) -> None:
    found = read_folder(
        folder_with(tmp_path, kpis="indicators:\n  - population: &all {fact: counts}\n  - population: *all\n")
    )
    assert not [one for one in found.problems if one.code == "names_itself"]


def test_messages_are_read_by_name_channel_and_language(tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "told.email.zh-Hans.txt").write_text("主题\n\n正文", encoding="utf-8")
    assert read_folder(tmp_path).raw["messages"] == {"texts": {"told": {"email": {"zh-hans": "主题\n\n正文"}}}}
