"""Messages are written in Simplified Chinese in the code; English is translated, Traditional Chinese derived.

Messages are what gettext and the templates mark, and the sentences of the core that doors translate. `extract` brings
locale/en up to date with the code, `check` says what it lacks, `compile` writes the .mo files and derives Traditional
Chinese.
"""

import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tools.messages_in_sentences import glued_texts_of, sentences_of, sentences_of_verbs

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
TRADITIONAL = ROOT / "locale" / "zh_Hant" / "LC_MESSAGES" / "django.mo"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
CALL = re.compile(r"""(n?p?gettext)\(u?((?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^()])*)\)""", re.DOTALL)


def messages_in_code() -> Catalog:
    """Every message of the Python code and the templates, with the files that use it."""
    found = Catalog(locale="en", project="amends", header_comment="# English translation of amends.", charset="utf-8")
    for place, code in _codes():
        _add(found, place, code)
        for sentence in sentences_of(place, code.decode()) if place.endswith(".py") else ():
            found.add(sentence, locations=[(place, None)])
    for sentence in sentences_of_verbs():
        found.add(sentence, locations=[("amends/core/verbs.py", None)])
    return found


def _codes() -> Iterator[tuple[str, bytes]]:
    """The Python code, and the messages of templates as Python code, by the file where they stand."""
    for file in sorted((ROOT / "amends").rglob("*.py")):
        yield _place(file), file.read_bytes()
    for file in sorted((ROOT / "amends").rglob("templates/**/*")):
        if file.suffix in {".html", ".txt", ".typ"}:
            yield _place(file), _calls_in_template(file)


def _place(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _add(found: Catalog, place: str, code: bytes) -> None:
    for _line, message, comments, context in extract("python", io.BytesIO(code), keywords=KEYWORDS):
        if message and any(message if isinstance(message, tuple) else [message]):
            found.add(
                message,
                locations=[(place, None)],
                auto_comments=comments,
                context=context,
            )


def _calls_in_template(file: Path) -> bytes:
    """The template's messages as Python calls; the text between them is dropped."""
    import django
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
        django.setup()
    code = templatize(file.read_text(encoding="utf-8"), origin=str(file))
    return "\n".join(call.group(0) for call in CALL.finditer(code)).encode()


def translation() -> Catalog:
    if not ENGLISH.exists():
        return Catalog(locale="en")
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en")


def extract_messages() -> None:
    """Bring the English catalogue up to date; translations of messages that are gone are dropped."""
    known, wanted = translation(), messages_in_code()
    for message in wanted:
        translated = known.get(message.id, context=message.context) if message.id else None
        if translated is not None:
            message.string = translated.string
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.open("wb") as file:
        write_po(file, wanted, width=110, sort_output=True, omit_header=True)


def problems() -> list[str]:
    """A sentence for each message that English lacks, and for each translation that nothing uses."""
    known, wanted = translation(), messages_in_code()
    sentences = []
    for message in wanted:
        translated = known.get(message.id, context=message.context) if message.id else None
        if message.id and (translated is None or translated.fuzzy or not all(_strings(translated))):
            sentences.append(f"No English for {message.id!r} ({message.locations[0][0]}).")
        elif translated is not None and message.id:
            sentences += [f"{message.id!r}: {error}" for error in translated.check(known)]
    unused = [message for message in known if message.id and wanted.get(message.id, context=message.context) is None]
    sentences += [f"Nothing uses {message.id!r} any more." for message in unused]
    sentences += _said_both_ways()
    return sentences + [f"{place}: {said!r} is glued together; write %(name)s." for place, said in _glued_texts()]


def _said_both_ways() -> Iterator[str]:
    """Sentences that are said with a number in one place and without in another: Python before 3.11.5 finds no words for the second."""
    alone, counted = defaultdict(set), set()
    said = {name: way for name, way in KEYWORDS.items() if name not in {"_", "gettext_noop"}}
    for place, code in _codes():
        for _line, message, _comments, _context in extract("python", io.BytesIO(code), keywords=said):
            if isinstance(message, tuple) and message[0]:
                counted.add(message[0])
            elif message:
                alone[message].add(place)
    for message in sorted(counted & alone.keys()):
        yield f"{message!r} is said with a number elsewhere, and without one in {', '.join(sorted(alone[message]))}."


def _glued_texts() -> list[tuple[str, str]]:
    return [
        (f"{_place(file)}:{line}", said)
        for file in sorted((ROOT / "amends").rglob("*.py"))
        for line, said in glued_texts_of(_place(file), file.read_text(encoding="utf-8"))
    ]


def _strings(message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (message.string,)


def compile_messages() -> None:
    from amends.apps.policies.traditional import traditional

    english = translation()
    ENGLISH.parent.mkdir(parents=True, exist_ok=True)
    with ENGLISH.with_suffix(".mo").open("wb") as file:
        write_mo(file, english)
    derived = Catalog(locale="zh_Hant", charset="utf-8")
    for message in english:
        if message.id:
            source = message.id[0] if message.pluralizable else message.id
            # Chinese has one form for every number.
            string = (traditional(source),) if message.pluralizable else traditional(source)
            derived.add(message.id, string, context=message.context)
    TRADITIONAL.parent.mkdir(parents=True, exist_ok=True)
    with TRADITIONAL.open("wb") as file:
        write_mo(file, derived)


def main() -> int:
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    if action == "extract":
        extract_messages()
    elif action == "compile":
        compile_messages()
    elif action == "check":
        found = problems()
        print("\n".join(found) or "Every message has its English.")
        return 1 if found else 0
    else:
        print("Usage: tools/messages.py extract | check | compile")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
