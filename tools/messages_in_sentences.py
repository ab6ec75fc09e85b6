"""The sentences that doors translate though no gettext stands around them: refusals, faults of fields, verbs.

The core knows no gettext. So every Chinese text in the code counts as a message, except where the module speaks
both languages itself, where the text is a pattern or a date, and where it is sample data.
"""

import ast
import re
from collections.abc import Iterator

HAN = re.compile(r"[\u4e00-\u9fff]")
PARTS_OF_A_DATE = re.compile(r"[年月日周\s]*")
RANGE_OF_CHARACTERS = re.compile(r"\u4e00-")
SPEAK_BOTH_LANGUAGES = (
    "amends/core/clock_explanations.py",
    "amends/core/policy/problems/",
    "amends/core/policy/examples.py",
    "amends/apps/policies/check.py",
    "amends/apps/policies/files.py",
)
NOT_SHOWN = (
    "amends/config/",
    "/migrations/",
    "amends/core/verbs.py",
    "amends/doors/wording.py",
    "amends/apps/policies/traditional.py",
    # Chinese by their nature: digits of accountants, family names, words of mail programs and of text messages, patterns of dates, names of fonts and of files in a package.
    "amends/core/chinese_money.py",
    "amends/core/chinese_names.py",
    "amends/apps/mail/quoting.py",
    "amends/apps/messaging/texting.py",
    "amends/doors/papers/formats.py",
    "amends/doors/papers/word_page.py",
    "amends/doors/papers/bundle.py",
    "amends/doors/papers/proof.py",
    "amends/doors/papers/verify_sheet.py",
)
SAMPLE_DATA = ("amends/jobs/",)
TRANSLATED_ELSEWHERE = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "_"}
TAKE_NO_SENTENCE = {"compile", "fullmatch", "match", "search", "sub", "split", "strftime"}


def sentences_of(file: str, code: str) -> Iterator[str]:
    """The Chinese texts of a module that are shown translated."""
    for node in _texts(file, ast.parse(code)):
        if isinstance(node, ast.Constant) and HAN.search(node.value) and not RANGE_OF_CHARACTERS.search(node.value):
            yield node.value


def glued_texts_of(file: str, code: str) -> Iterator[tuple[int, str]]:
    """Line and text of Chinese inside an f-string: it can not be looked up, so it can not be translated."""
    for node in _texts(file, ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            said = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            if HAN.search(said) and not PARTS_OF_A_DATE.fullmatch(said):
                yield node.lineno, said


def sentences_of_verbs() -> Iterator[str]:
    """What the button of each verb says, and what the timeline says happened."""
    from amends.core.verbs import VERBS

    for verb in VERBS.values():
        yield verb.button
        yield verb.happened


def _texts(file: str, tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    if any(place in file for place in (*SPEAK_BOTH_LANGUAGES, *NOT_SHOWN)):
        return
    parts = _refusals(tree) if file.startswith(SAMPLE_DATA) else [tree]
    for part in parts:
        yield from _texts_in(part)


def _refusals(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            yield node
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "sentence" for t in node.targets):
            yield node


def _texts_in(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.JoinedStr):
        yield node
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    if not _holds_no_message(node):
        for child in ast.iter_child_nodes(node):
            yield from _texts_in(child)


def _holds_no_message(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):  # A docstring.
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Call):
        return _name(node.func) in TRANSLATED_ELSEWHERE | TAKE_NO_SENTENCE
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "en" for key in node.keys)
    return isinstance(node, ast.JoinedStr)


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
