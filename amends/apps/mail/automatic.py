"""Whether a program wrote a mail. Such mail is kept and never answered.

Sources: RFC 3834; RFC 3464; S10 of the promises.
"""

from __future__ import annotations

import re

from amends.apps.mail.reading import ReadMail

DAEMONS = re.compile(
    r"^(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?|abuse|listserv|majordomo)([+=.-].*)?@", re.IGNORECASE
)
BULK = {"bulk", "list", "junk", "auto_reply"}
AWAY = re.compile(
    r"^(自动回复|自動回覆|自动答复|外出|automatic reply|auto(matic)?[ -]?reply|out of office|abwesen)", re.IGNORECASE
)


def why_automatic(mail: ReadMail) -> str:
    """Why a program must have written it: `report`, `loop`, `answer`, `list`, `daemon`; empty where a person may have."""
    if mail.mark("content-type").startswith("multipart/report") or mail.mark("x-failed-recipients"):
        return "report"
    if mail.mark("x-amends-loop"):
        return "loop"
    if mail.mark("auto-submitted").split(";")[0].strip() not in {"", "no"} or _has_any(
        mail, "x-autoreply", "x-autorespond"
    ):
        return "answer"
    if AWAY.match(mail.subject):
        return "answer"
    if mail.mark("precedence") in BULK or _has_any(mail, "list-id", "list-unsubscribe"):
        return "list"
    if mail.mark("return-path") == "<>" or any(DAEMONS.match(one.address) for one in mail.sender):
        return "daemon"
    return ""


def _has_any(mail: ReadMail, *names: str) -> bool:
    return any(key in names for key, _ in mail.marks)
