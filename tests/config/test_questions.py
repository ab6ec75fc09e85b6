"""The choice of tests for the second database: whatever was asked of the first one is asked of it."""

from tests.questions import Asked, needed, parts_of

WAYS = ("ways/",)


def test_a_question_is_taken_apart_into_what_is_read_and_its_conditions():
    sql = (
        'SELECT "a"."x" FROM "a" WHERE ("a"."x" IN (%s, %s) AND NOT ("a"."y" LIKE %s OR "a"."z" = 7)) ORDER BY "a"."x"'
    )

    assert parts_of(sql) == {
        'SELECT "a"."x" FROM "a"', 'SELECT "a"."x" FROM "a" ORDER BY "a"."x"',
        '"a"."x" IN', "%s", '"a"."y" LIKE %s', '"a"."z" = 0',
    }  # fmt: skip


def test_the_number_of_values_and_the_names_within_a_statement_make_no_other_question():
    one = 'SELECT 1 FROM "a" WHERE "a"."x" IN (SELECT U0."x" FROM "b" U0 WHERE U0."y" IN (%s))'
    other = 'SELECT 1 FROM "a" WHERE "a"."x" IN (SELECT V2."x" FROM "b" V2 WHERE V2."y" IN (%s, %s, %s))'

    assert parts_of(one) == parts_of(other)
    assert parts_of("SAVEPOINT s1") == frozenset()


def test_enough_tests_are_needed_to_ask_what_nobody_else_asks():
    asked = {
        "rest/one": Asked(5, {"a"}),
        "ways/known": Asked(5, {"a"}),
        "ways/new": Asked(5, {"a", "b", "c"}),
        "ways/half": Asked(5, {"b"}),
        "ways/dear": Asked(900, {"b", "c"}),
        "ways/further": Asked(5, {"d"}),
        "ways/nothing": Asked(),
    }

    assert needed(asked, of=WAYS) == {"ways/new", "ways/further"}
