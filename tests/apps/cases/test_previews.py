"""Previews show pixels and nothing else, and cost little whatever the file says; the original stays as it was."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import timedelta

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from amends.apps.cases import previews
from amends.apps.cases.evidence import Given, open_evidence, rules_of, store_upload
from amends.apps.cases.models import EvidencePreview
from amends.apps.cases.previews import make_preview, open_picture, order_preview
from amends.apps.deferred.models import Job
from amends.jobs.rehearsal import PICTURE
from tests.doors import START

pytestmark = pytest.mark.django_db

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def photo(width=640, height=480):
    """A telephone's photo: lying on its side, with place and maker; the left half red, the right half blue."""
    picture = Image.new("RGB", (width, height), "blue")
    picture.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKER] = 6, "SecretMaker"
    exif.get_ifd(GPS).update({1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif, comment="SecretComment")
    return out.getvalue()


def png_that_says(width, height):
    """A few bytes that claim to be a picture of any size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    )


def pdf(pages, edge=595):
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(edge, edge)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def kept(content, name):
    rules = rules_of(type("Pack", (), {"head": type("Head", (), {"evidence": None})}))
    given = Given(owner="person:1", given_by="person:1")
    return store_upload(SimpleUploadedFile(name, content), rules=rules, given=given, now=START)


def previewed(content, name):
    file = kept(content, name)
    return file, make_preview(file, now=START)


def picture_of(file, number):
    with open_picture(file, number) as found:
        return found.read()


def test_a_preview_has_no_place_maker_or_comment_and_stands_upright():
    original = photo()
    assert b"SecretMaker" in original and Image.open(io.BytesIO(original)).getexif().get_ifd(GPS)
    file, preview = previewed(original, "现场.jpg")
    assert (preview.refused, preview.pages, preview.shown) == ("", 1, 1)
    for number in (0, 1):
        drawn = picture_of(file, number)
        shown = Image.open(io.BytesIO(drawn))
        assert not shown.getexif() and set(shown.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not any(secret in drawn for secret in (b"Exif", b"GPS", b"Secret"))
        assert shown.height > shown.width
        red, _, blue = shown.getpixel((shown.width // 2, 5))
        assert red > 200 > 60 > blue
    with open_evidence(file) as found:
        assert found.read() == original


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        pytest.param(png_that_says(60_000, 60_000), "炸弹.png", "too_large", id="a bomb is not unpacked"),
        pytest.param(photo()[:200], "残缺.jpg", "unreadable", id="a torn picture"),
        pytest.param(b"%PDF-1.7\n%nothing follows", "残缺.pdf", "unreadable", id="a torn document"),
    ],
)
def test_what_can_not_or_must_not_be_drawn_says_why(content, name, reason):
    file, preview = previewed(content, name)
    assert (preview.refused, preview.shown) == (reason, 0)
    with pytest.raises(FileNotFoundError):
        open_picture(file, 0)
    with open_evidence(file) as found:
        assert found.read() == content


def test_a_document_shows_its_first_pages_at_the_size_of_a_screen():
    file, preview = previewed(pdf(15, edge=14_400), "合同.pdf")
    assert (preview.pages, preview.shown) == (15, 12)
    assert max(Image.open(io.BytesIO(picture_of(file, 12))).size) == 1600
    assert max(Image.open(io.BytesIO(picture_of(file, 0))).size) == 320


def test_drawing_that_takes_too_long_is_broken_off(monkeypatch):
    monkeypatch.setattr(previews, "PATIENCE", timedelta(milliseconds=1))
    _, preview = previewed(photo(), "慢.jpg")
    assert preview.refused == "too_costly"


def test_a_preview_is_ordered_once_and_made_again_without_harm():
    file = kept(PICTURE, "现场.png")
    for _ in range(2):
        order_preview(file, now=START)
        make_preview(file, now=START)
    assert Job.objects.filter(kind="make_preview").count() == 1
    assert EvidencePreview.objects.get().shown == 1


def test_no_preview_is_made_of_other_types():
    order_preview(kept("时间,经过\n".encode(), "经过.csv"), now=START)
    assert not Job.objects.exists()
