"""What stands in a PDF or Word document, read by other libraries than those that made it."""

from __future__ import annotations

import io

import pypdfium2
from docx import Document


def text_of_pdf(content: bytes) -> str:
    """All text without the line ends that the layout made."""
    document = pypdfium2.PdfDocument(content)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "").replace("\n", "")
    finally:
        document.close()


def pages_of_pdf(content: bytes) -> int:
    """How many pages it has."""
    document = pypdfium2.PdfDocument(content)
    try:
        return len(document)
    finally:
        document.close()


def text_of_docx(content: bytes) -> str:
    """All text of the body: paragraphs and cells."""
    return "".join(
        node.text or "" for node in Document(io.BytesIO(content)).element.body.iter() if node.tag.endswith("}t")
    )


def xml_of_docx(content: bytes) -> str:
    """The body as it is written."""
    return str(Document(io.BytesIO(content)).element.xml)
