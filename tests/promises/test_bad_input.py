"""Bad input is a clear error, and nothing typed is lost (section 5 of the promises).

One corpus goes through the API and through the pages. Every refusal has its status, its code, a Chinese sentence that
names the field, and never is it a broken page.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.promises.small_world import SmallWorld, small_world
from tests.world import PICTURE

pytestmark = pytest.mark.django_db
CASES = "/api/v1/cases"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[SmallWorld]:
    with django_db_blocker.unblock(), small_world() as made:
        yield made


def new_case(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "desk": "night", "kind": "grumble", "channel": "bedside_telephone",
        "complainant": {"name": "王小明", "phone": "13912345678"}, "subject": "隔壁太吵", "description": "一直到凌晨",
        "answers": {"room_number": 101, "nuisance": "noise"},
    }  # fmt: skip
    answers = changes.pop("answers", {})
    return {**body, **changes, "answers": {**body["answers"], **answers}}


def post(
    world: SmallWorld, body: Any, *, address: str = CASES, raw: bool = False, kind: str = "application/json"
) -> Any:
    content = body if raw else json.dumps(body)
    return world.principals["receptionist"].machine().post(address, content, content_type=kind)


IS_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The refusal as it should be; returns its body."""
    assert response.status_code == status, response.content.decode()[:300]
    assert response["Content-Type"].startswith("application/problem+json")
    body = dict(response.json())
    assert body["code"] == code
    assert body["status"] == status
    assert IS_CHINESE.search(body["detail"])
    assert body["detail_en"]
    assert re.fullmatch(r"[0-9a-f-]{32,36}", body["request_id"])
    return body


WRONG_FIELDS: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("missing", {"subject": None}, "/subject", "required", "何事"),
    ("empty", {"subject": "  "}, "/subject", "required", "何事"),
    ("NUL", {"subject": "吵\x00闹"}, "/subject", "control_character", "U+0000"),
    ("lone surrogate", {"subject": "吵\ud800闹"}, "/subject", "control_character", "U+D800"),
    ("bidi", {"subject": "吵\u202e闹"}, "/subject", "control_character", "U+202E"),
    ("escape", {"description": "吵\x1b[31m闹"}, "/description", "control_character", "U+001B"),
    ("surrogate in a name", {"complainant": {"name": "\udc00", "phone": "13912345678"}}, "/complainant/name", "control_character", "住客姓名"),
    ("over-long", {"subject": "吵" * 10_001}, "/subject", "too_long", "何事"),
    ("impossible date", {"answers": {"arrived_on": "2026-02-30"}}, "/answers/arrived_on", "bad_date", "入住日"),
    ("date as a number", {"answers": {"arrived_on": 20260230}}, "/answers/arrived_on", "", "入住日"),
    ("no offset", {"received_at": "2026-03-05T10:00"}, "/received_at", "no_offset", ""),
    ("no time", {"received_at": "yesterday"}, "/received_at", "bad_datetime", ""),
    ("year 0", {"received_at": "0001-01-01T00:00+00:00"}, "/received_at", "bad_datetime", ""),
    ("overflow at the edge", {"received_at": "9999-12-31T23:59:59-23:59"}, "/received_at", "bad_datetime", ""),
    ("text for a number", {"answers": {"room_number": "一零一"}}, "/answers/room_number", "bad_number", "房号"),
    ("a list for a number", {"answers": {"room_number": [101]}}, "/answers/room_number", "", "房号"),
    ("an object for a text", {"subject": {"a": 1}}, "/subject", "wrong_type", "subject"),
    ("above 2^53", {"answers": {"room_number": 2**53 + 1}}, "/answers/room_number", "", "房号"),
    ("a huge number", {"answers": {"room_number": 10**400}}, "/answers/room_number", "", "房号"),
    ("a fraction", {"answers": {"room_number": 101.5}}, "/answers/room_number", "bad_number", "房号"),
    ("an infinite number", {"answers": {"room_number": 1e300}}, "/answers/room_number", "", "房号"),
    ("unknown choice", {"answers": {"nuisance": "ghosts"}}, "/answers/nuisance", "unknown_choice", "烦扰种类"),
    ("choice of another type", {"answers": {"nuisance": {"x": []}}}, "/answers/nuisance", "", "烦扰种类"),
    ("unknown field", {"level": "high"}, "/level", "unknown_field", "level"),
    ("unknown answer", {"answers": {"state": "filed"}}, "/answers/state", "unknown_field", "state"),
    ("a field with a slash", {"answers": {"a/b~c": "1"}}, "/answers/a~1b~0c", "unknown_field", ""),
    ("unknown desk", {"desk": "吧台"}, "/desk", "unknown_choice", "吧台"),
    ("desk with NUL", {"desk": "\x00"}, "/desk", "", ""),
    ("kind with a surrogate", {"kind": "\ud800"}, "/kind", "", ""),
    ("channel of megabytes", {"channel": "x" * 500_000}, "/channel", "", ""),
    ("bad phone", {"complainant": {"name": "王", "phone": "12"}}, "/complainant/phone", "bad_phone", "电话"),
    ("bad mail", {"complainant": {"name": "王", "email": "a@b@c"}}, "/complainant/email", "bad_email", "电子邮箱"),
    ("phone as a number", {"complainant": {"name": "王", "phone": 13912345678}}, "/complainant/phone", "wrong_type", ""),
    ("null for an object", {"complainant": None}, "/complainant", "wrong_type", ""),
    ("backdate reason with NUL", {"backdate_reason": "\x00"}, "/backdate_reason", "control_character", "补录理由"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "pointer", "code", "word"), [w[1:] for w in WRONG_FIELDS], ids=[w[0] for w in WRONG_FIELDS])  # fmt: skip
def test_a_wrong_field_is_named_by_the_api(
    world: SmallWorld, changes: dict[str, Any], pointer: str, code: str, word: str
):
    body = new_case(**changes)
    if changes.get("subject", "") is None:
        del body["subject"]

    errors = {error["pointer"]: error for error in check_problem(post(world, body), 422, "invalid")["errors"]}

    assert not pointer or pointer in errors, errors
    error = errors[pointer] if pointer else next(iter(errors.values()))
    assert not code or error["code"] == code
    assert IS_CHINESE.search(error["message"])
    assert word in error["message"]
    assert error["message_en"]


KEPT_TEXTS = [
    "emoji 😀👨‍👩‍👧",
    "生僻字 𠮷𪚥㐂",
    "龘\u3000全角",
    "C'est l'été",
    "<script>alert(1)</script>",
    "'; DROP TABLE x;--",
    "{{7*7}} %s {0}",
]


@pytest.mark.parametrize("text", KEPT_TEXTS)
def test_strange_text_is_kept_exactly(world: SmallWorld, text: str):
    response = post(world, new_case(subject=text))

    assert response.status_code == 201, response.content.decode()
    number = response.json()["number"]
    assert response.json()["subject"] == text
    client = world.principals["receptionist"].machine()
    shown = client.get(f"{CASES}/{number}/events").json()["events"][0]["values"]
    assert text in [value["value"] for value in shown if value["field"] == "subject"]


UNREADABLE = [
    ("syntax", '{"desk": ', 400, "unreadable"),
    ("blanks", "  ", 400, "unreadable"),
    ("duplicate key", '{"desk": "night", "desk": "other"}', 400, "unreadable"),
    ("duplicate key deep", '{"answers": {"a": 1, "a": 2}}', 400, "unreadable"),
    ("NaN", '{"answers": {"room_number": NaN}}', 400, "unreadable"),
    ("Infinity", '{"answers": {"room_number": -Infinity}}', 400, "unreadable"),
    ("33 deep", '{"answers": ' + '{"a": ' * 33 + "1" + "}" * 34, 400, "unreadable"),
    ("very deep", "[" * 200_000, 400, "unreadable"),
    ("not UTF-8", b'{"desk": "\xff\xfe"}', 400, "unreadable"),
    ("UTF-16", '{"desk": "night"}'.encode("utf-16"), 400, "unreadable"),
    ("a list", "[]", 422, "invalid"),
    ("a text", '"night"', 422, "invalid"),
    ("null", "null", 422, "invalid"),
    ("more than 1 MB", '{"desk": "' + "x" * 1_100_000 + '"}', 413, "too_large"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), [u[1:] for u in UNREADABLE], ids=[u[0] for u in UNREADABLE])
def test_an_unreadable_body_is_refused(world: SmallWorld, body: str | bytes, status: int, code: str):
    check_problem(post(world, body, raw=True), status, code)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_media_type_is_refused(world: SmallWorld, kind: str):
    check_problem(post(world, "{}", raw=True, kind=kind), 415, "unsupported_media_type")


BAD_QUERIES = [
    "size=1000000000", "size=0", "size=-1", "size=ten", "size=１０", "size=", "size=5&size=6", "cursor=x", "cursor=%00", "cursor=W10",
    "cursor=" + "A" * 5000, "sort=name", "sort=%ff", "page=-1", "colour=red", "complainant__name=x", "state__in=a", "handler=abc",
    "department=99999999999999999999", "received_from=2026-13-45", "received_from=0000-00-00", "late=maybe", "urgent=perhaps",
]  # fmt: skip


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_bad_question_names_what_is_allowed(world: SmallWorld, query: str):
    response = world.principals["receptionist"].machine().get(f"{CASES}?{query}")

    body = check_problem(response, 422, "invalid")
    assert all(IS_CHINESE.search(error["message"]) for error in body["errors"])


def test_no_filter_breaks_on_odd_values(world: SmallWorld):
    from amends.apps.cases.filters import FILTERS

    client = world.principals["receptionist"].machine()
    odd = ["\x00", "\ud800", "9" * 400, "-1", "'", "%", "_", "\u202e", "1e309", "x" * 3000, "9999-12-31", "0001-01-01"]
    for name in FILTERS:
        for value in odd:
            response = client.get(CASES, {name: value.encode("utf-8", "surrogatepass").decode("latin-1")})
            assert response.status_code in (200, 422), (name, value, response.status_code)


@pytest.mark.parametrize("number", ["%00", "%ff", "a" * 3000, "..%2f..", "%F0%9F%98%80", "'", "%ED%A0%80"])
def test_an_odd_number_is_a_case_that_is_not_there(world: SmallWorld, number: str):
    for who in ("receptionist", "housekeeper"):
        assert world.principals[who].machine().get(f"{CASES}/{number}").status_code == 404
        assert world.principals[who].browser().get(f"/cases/{number}/").status_code == 404


def evidence(world: SmallWorld) -> str:
    return f"{CASES}/{world.number('own')}/evidence"


BAD_FILES = [
    ("empty", "空.txt", b"", 415, "空.txt"),
    ("forbidden", "安装.exe", b"MZ" + bytes(100), 415, "安装.exe"),
    ("no extension", "notes", b"text", 415, "notes"),
    ("disguised", "照片.png", b"<html><script>alert(1)</script>", 415, "照片.png"),
    ("markup", "页面.txt", b"<!doctype html><p>", 415, "页面.txt"),
    ("a path", "../../etc/passwd.exe", b"x", 415, "passwd.exe"),
    ("too big", "录像.txt", b"x" * (20 * 1024 * 1024 + 1), 413, "录像.txt"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "status", "word"), [b[1:] for b in BAD_FILES], ids=[b[0] for b in BAD_FILES]
)
def test_a_file_that_can_not_be_taken_is_named(world: SmallWorld, name: str, content: bytes, status: int, word: str):
    client = world.principals["receptionist"].machine()

    response = client.post(evidence(world), {"file": SimpleUploadedFile(name, content)})

    body = check_problem(response, status, "file_too_big" if status == 413 else "file_refused")
    assert word in body["detail"]


def test_an_upload_of_something_else_is_refused_and_the_case_stays(world: SmallWorld):
    client = world.principals["receptionist"].machine()
    two = {"file": SimpleUploadedFile("a.png", PICTURE), "other": SimpleUploadedFile("b.png", PICTURE)}

    check_problem(client.post(evidence(world), {"file": "words"}), 422, "invalid")
    check_problem(client.post(evidence(world), two), 422, "invalid")
    check_problem(client.post(evidence(world), "--", content_type="multipart/form-data; boundary="), 400, "unreadable")
    assert client.get(f"{CASES}/{world.number('own')}").status_code == 200


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, True, None, 2**64])
def test_a_version_is_a_small_whole_number(world: SmallWorld, version: Any):
    address = f"{CASES}/{world.number('own')}/actions/contact"
    errors = check_problem(post(world, {"version": version, "data": {}}, address=address), 422, "invalid")["errors"]

    assert errors[0]["pointer"] == "/version"


@pytest.mark.parametrize(
    "files", [["x"], ["\x00"], [1], "x", [["a"]], ["00000000-0000-4000-8000-000000000000"], [None]]
)
def test_files_are_named_by_their_ids(world: SmallWorld, files: Any):
    response = post(world, new_case(answers={"evidence_files": files}))

    assert response.status_code == 422


@pytest.mark.parametrize("key", ["钥匙", "a" * 129, "with blank", "\t"])
def test_a_bad_key_is_refused(world: SmallWorld, key: str):
    client = world.principals["receptionist"].machine()
    response = client.post(
        CASES, json.dumps(new_case()), content_type="application/json", headers={"Idempotency-Key": key}
    )
    assert response.status_code == 422


# Pages: the same rules, at the field, and what was typed is still there.

TYPED = {
    "_desk": "night", "_kind": "grumble", "_channel": "bedside_telephone", "_token": "t1",
    "complainant_name": "王小明", "complainant_phone": "13912345678", "room_number": "101", "nuisance": "noise",
    "subject": "隔壁太吵 & <吵>", "description": "一直到凌晨三点，前台也没有人接电话",
}  # fmt: skip

PORTAL_PAGES = ("matter", "story", "contact")
WRONG_ENTRIES = [
    ("missing", "subject", "", "请填写“何事”"),
    ("NUL", "subject", "吵\x00闹", "U+0000"),
    ("bidi", "subject", "吵\u202e闹", "U+202E"),
    ("over-long", "subject", "吵" * 10_001, "最多"),
    ("impossible date", "arrived_on", "2026-02-30", "入住日"),
    ("not a number", "room_number", "一零一", "房号"),
    ("a huge number", "room_number", "9" * 400, "房号"),
    ("unknown choice", "nuisance", "ghosts", "烦扰种类"),
    ("bad phone", "complainant_phone", "12", "电话"),
]  # fmt: skip


@pytest.mark.parametrize("address", ["/intake/", "/portal/complain/night/grumble/"])
@pytest.mark.parametrize(
    ("field", "value", "sentence"), [w[1:] for w in WRONG_ENTRIES], ids=[w[0] for w in WRONG_ENTRIES]
)
def test_a_page_names_the_field_and_keeps_what_was_typed(
    world: SmallWorld, address: str, field: str, value: str, sentence: str
):
    client = world.principals["receptionist" if address == "/intake/" else "anonymous"].browser()

    response = client.post(address, {**TYPED, f"{field}": value})

    page = html.unescape(response.content.decode())
    assert response.status_code == 422, page[:300]
    assert sentence in page
    # Customers write on three pages: what stands on another of them waits there.
    others = [] if address == "/intake/" else [client.get(address, {"page": name}) for name in PORTAL_PAGES]
    kept = page + "".join(html.unescape(other.content.decode()) for other in others)
    for name, typed in TYPED.items():
        if not name.startswith("_") and name not in (field, "nuisance"):
            assert typed in kept, name


@pytest.mark.parametrize("address", ["/intake/", "/portal/complain/night/grumble/"])
def test_pages_never_break_on_odd_bodies(world: SmallWorld, address: str):
    client = world.principals["receptionist"].browser()
    odd = [
        {"_desk": "\x00", "_kind": "\ud7ff", "_token": "x" * 5000},
        {f"demands-{n}-text": "x" for n in range(300)},
        {"subject": ["a", "b"], "evidence_files": ["x", "\x00"]},
        {"_add": "nowhere", "_remove": "demands-99999999999999999999"},
    ]
    for body in odd:
        assert client.post(address, body).status_code < 500
    assert client.post(address, b"\xff\xfe", content_type="application/x-www-form-urlencoded").status_code < 500
    assert client.post(address, b"--", content_type="multipart/form-data; boundary=").status_code in (400, 403, 422)
    many = "&".join(f"x{n}=1" for n in range(600))
    assert client.post(address, many, content_type="application/x-www-form-urlencoded").status_code in (400, 413, 422)
