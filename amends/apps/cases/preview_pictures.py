"""Draw the pictures of one file, as a program of its own: `python preview_pictures.py KIND FILE FOLDER`.

It limits its own memory, time and output before it looks at the file. It knows Pillow and PDFium and nothing of amends.
Pixels alone leave it: each picture is drawn anew on white, turned the right way up, without any of the file's own data.

It writes 0.jpg, a small picture of the first page, and 1.jpg, 2.jpg … with the pages, and prints one JSON object:
{"pages": 3, "shown": 3} or {"refused": "too_large"}.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
from PIL import Image, ImageOps

LIMITS = (
    (resource.RLIMIT_AS, 1024**3),
    (resource.RLIMIT_CPU, 20),
    (resource.RLIMIT_FSIZE, 16 * 1024**2),
    (resource.RLIMIT_NOFILE, 64),
    (resource.RLIMIT_CORE, 0),
)
MOST_PIXELS = 40_000_000
MOST_PAGES = 12
PAGE_EDGE = 1600
SMALL_EDGE = 320
QUALITY = 82
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")


class CannotDraw(Exception):
    """No picture can be made; the argument is the reason's code."""


def draw(kind: str, file: Path, folder: Path) -> dict[str, object]:
    """Draw the pictures of a file into a folder; says how many pages there are and how many were drawn."""
    pages, pictures = _pages_of_pdf(file) if kind == "pdf" else (1, iter([_picture(file)]))
    shown = 0
    for picture in pictures:
        shown += 1
        _save(picture, folder / f"{shown}.jpg", PAGE_EDGE)
        if shown == 1:
            _save(picture, folder / "0.jpg", SMALL_EDGE)
    return {"pages": pages, "shown": shown}


def _picture(file: Path) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # Asked below, before a pixel is unpacked.
    with Image.open(file, formats=FORMATS) as found:
        if found.width * found.height > MOST_PIXELS:
            raise CannotDraw("too_large")
        found.draft("RGB", (PAGE_EDGE, PAGE_EDGE))
        found.load()
        return ImageOps.exif_transpose(found)


def _pages_of_pdf(file: Path) -> tuple[int, Iterator[Image.Image]]:
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise CannotDraw("locked") from error
        raise
    if not len(document):
        raise CannotDraw("unreadable")
    return len(document), (_page(document, n) for n in range(min(len(document), MOST_PAGES)))


def _page(document: pypdfium2.PdfDocument, number: int) -> Image.Image:
    """A page at the size of a screen: however large the page says it is, the picture is bounded."""
    page = document[number]
    width, height = page.get_size()
    if min(width, height) <= 0:
        raise CannotDraw("unreadable")
    return page.render(scale=PAGE_EDGE / max(width, height), may_draw_forms=False).to_pil()


def _save(picture: Image.Image, place: Path, edge: int) -> None:
    small = picture.copy()
    small.thumbnail((edge, edge))
    shown = small.convert("RGBA")
    paper = Image.new("RGB", shown.size, "white")
    paper.paste(shown, mask=shown.getchannel("A"))
    paper.save(place, "JPEG", quality=QUALITY, optimize=True)


def main(kind: str, file: str, folder: str) -> None:
    for what, most in LIMITS:
        resource.setrlimit(what, (most, most))
    try:
        said = draw(kind, Path(file), Path(folder))
    except CannotDraw as refusal:
        said = {"refused": refusal.args[0]}
    except MemoryError:
        said = {"refused": "too_large"}
    except (OSError, ValueError, SyntaxError, pypdfium2.PdfiumError):
        said = {"refused": "unreadable"}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
