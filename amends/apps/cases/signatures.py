"""Signatures that are drawn on a screen: kept as pictures, and refused where they are none."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from PIL import Image

from amends.apps.cases.evidence import open_evidence
from amends.apps.cases.models import EvidenceFile
from amends.core.policy.forms import Field
from amends.core.refusals import FieldError, InvalidData

LARGEST_SIGNATURE = 2_000_000
"""In bytes. A pad draws some 20 000, a photograph is made smaller in the browser."""
MOST_PIXELS = 12_000_000
FORMATS = ("PNG", "JPEG")


def refuse_what_is_no_signature(fields: Iterable[Field], given: Mapping[str, Any]) -> None:
    """Every file in a field for signatures is a PNG or JPEG that can be drawn. Raises InvalidData at the field."""
    asked = {str(uuid.UUID(file)): f for f in fields if f.type == "signature" for file in given.get(f.id) or ()}
    found = EvidenceFile.objects.filter(pk__in=list(asked)) if asked else ()
    errors = [
        FieldError(f"/{f.id}", "bad_signature", {"field": f.title})
        for file in found
        if (f := asked[str(file.pk)]) and not is_picture(file)
    ]
    if errors:
        raise InvalidData(errors)


def is_picture(file: EvidenceFile) -> bool:
    """Whether the file is small enough to be drawn on paper and can be unpacked from its first pixel to its last."""
    if file.size > LARGEST_SIGNATURE:
        return False
    try:
        with open_evidence(file) as opened, Image.open(opened, formats=FORMATS) as picture:
            # Asked before a pixel is unpacked: a small file can hold a picture as large as a house.
            if picture.width * picture.height > MOST_PIXELS:
                return False
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return False
    return True


def signature_picture(file_id: str) -> tuple[str, bytes] | None:
    """The type and bytes of a signature to be drawn where it was asked for; None where there is none, or an old one is too large."""
    file = EvidenceFile.objects.filter(pk=file_id).first() if file_id else None
    if file is None or file.size > LARGEST_SIGNATURE or file.content_type not in ("image/png", "image/jpeg"):
        return None
    with open_evidence(file) as opened:
        return file.content_type, opened.read()
