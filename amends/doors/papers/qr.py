"""The QR code that leads from a paper back to its case."""

from __future__ import annotations

import io

import segno


def qr_svg(link: str) -> str:
    """The code as an SVG drawing without a border."""
    made = io.BytesIO()
    segno.make(link, error="m", micro=False).save(made, kind="svg", border=0, xmldecl=False, svgns=True)
    return made.getvalue().decode()


def qr_png(link: str) -> bytes:
    """The code as a PNG picture, sharp in print."""
    made = io.BytesIO()
    segno.make(link, error="m", micro=False).save(made, kind="png", border=0, scale=8)
    return made.getvalue()
