"""A second factor: codes of an authenticator app (RFC 6238), and ten recovery codes for the day the telephone is lost."""

from __future__ import annotations

import base64
import logging
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare

from amends.apps.people.grounds import Manager
from amends.apps.people.models import Person, RecoveryCode, SecondFactor
from amends.apps.people.sealing import CannotOpen, digests, opened, seal
from amends.apps.people.sessions import end_sessions
from amends.apps.people.staffing import record_person
from amends.core.form_data import checked_text
from amends.core.refusals import FieldError, InvalidData, NotPermitted, Refusal

logger = logging.getLogger(__name__)

SECRET_BYTES, DIGITS, STEP_SECONDS = 20, 6, 30
STEPS_APART = (0, -1, 1)
"""Clocks of telephones differ: the code before and the code after the present one are taken too."""
RECOVERY_CODES, RECOVERY_LENGTH = 10, 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper."""
REASON_LENGTH = 200
ISSUER = "amends"
_SECRET, _RECOVERY = "second-factor", "recovery-code"


class FactorRequired(Refusal):
    """Whoever has the rights of an administrator keeps the second factor."""

    code = "factor_required"
    status = 409
    sentence = "具有管理权限的账号必须保留两步验证。更换手机时，请使用“更换验证器”。"


def new_secret() -> str:
    """A fresh secret, sealed: nothing is set up before a code computed from it was typed."""
    return seal(secrets.token_bytes(SECRET_BYTES), purpose=_SECRET)


def as_typed(sealed: str) -> str:
    """The secret for an app that reads no pictures: Base32 in groups of four."""
    text = _base32(sealed)
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def as_address(sealed: str, person: Person) -> str:
    """What the QR code holds: the address by which an authenticator app takes the secret over."""
    return _codes(sealed).get_provisioning_uri(person.username, ISSUER)


def code_at(sealed: str, moment: datetime) -> str:
    """The code that an app shows at a moment."""
    return _codes(sealed).generate(int(moment.timestamp())).decode()


def has_second_factor(person: Person) -> bool:
    return SecondFactor.objects.filter(person=person).exists()


def may_administer(person: Person, now: datetime) -> bool:
    """Whether they may change who may do what: on the installation, or on the desks whose people they manage."""
    return Manager(person, now).manages_any


def is_asked_of(person: Person) -> bool:
    """Whether this person has to have a second factor once they may administer. An invented person of a demo never has to."""
    return settings.ADMIN_SECOND_FACTOR == "required" and not person.is_demo


def must_have_one(person: Person, now: datetime) -> bool:
    """Whether this person works with a second factor only."""
    return is_asked_of(person) and may_administer(person, now)


@transaction.atomic
def set_up(person: Person, *, sealed: str, code: str, now: datetime, earlier: str = "") -> list[str]:
    """From now on signing in asks for a code, too; an earlier app counts no more. Returns the recovery codes, shown once.

    Raises InvalidData unless the code was computed from this secret a moment ago, and, where another app is replaced, unless
    `earlier` is a code of that one or a recovery code.
    """
    step = _matching_step(sealed, code, now)
    if step is None:
        raise InvalidData([FieldError("/code", "wrong_code", {})])
    if has_second_factor(person) and not is_right(person, earlier, now):
        raise InvalidData(
            [FieldError("/earlier", "wrong_code" if earlier else "required", {"field": "原验证器的验证码或恢复码"})]
        )
    SecondFactor.objects.update_or_create(
        person=person, defaults={"sealed": sealed, "last_step": step, "created_at": now}
    )
    record_person(person, "second_factor_set_up", {}, {}, by=Manager(person, now))
    return _fresh_codes(person)


@transaction.atomic
def renew_codes(person: Person, *, now: datetime) -> list[str]:
    """Ten fresh recovery codes, shown once; the earlier ones count no more. Raises NotPermitted without a second factor."""
    if not has_second_factor(person):
        raise NotPermitted("您还没有设置两步验证。")
    record_person(person, "recovery_codes_renewed", {}, {}, by=Manager(person, now))
    return _fresh_codes(person)


@transaction.atomic
def take_off(person: Person, *, now: datetime) -> None:
    """Sign in by password alone again. Raises FactorRequired for somebody who must have a second factor."""
    if must_have_one(person, now):
        raise FactorRequired
    _forget(person)
    record_person(person, "second_factor_taken_off", {}, {}, by=Manager(person, now))


@transaction.atomic
def reset(person: Person, *, reason: str, by: Manager) -> None:
    """Take off somebody else's second factor, whose telephone is lost: their sessions end and they sign in by password.

    Raises NotPermitted for people the manager does not manage and for oneself, InvalidData without a reason.
    """
    by.check_person(person)
    if person.pk == by.person.pk:
        raise NotPermitted("不能重置自己的两步验证，请由其他管理员办理。")
    if not has_second_factor(person):
        raise NotPermitted("此人没有设置两步验证。")
    said = checked_text(reason, pointer="/reason", field="原因", limit=REASON_LENGTH).strip()
    if not said:
        raise InvalidData([FieldError("/reason", "required", {"field": "原因"})])
    _forget(person)
    end_sessions(person)
    record_person(person, "second_factor_reset", {}, {"reason": said}, by=by)


@transaction.atomic
def is_right(person: Person, typed: str, now: datetime) -> bool:
    """Whether a code of the app, or a recovery code, is good now. Either is used up by it."""
    code = "".join(typed.split()).replace("-", "").lower()
    return _takes_app_code(person, code, now) or _takes_recovery_code(person, code, now)


def _takes_app_code(person: Person, code: str, now: datetime) -> bool:
    factor = SecondFactor.objects.filter(person=person).first()
    step = _matching_step(factor.sealed, code, now) if factor else None
    if factor is None or step is None:
        return False
    # Claimed, so that two requests with one code do not both get in.
    return bool(SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step))


def _takes_recovery_code(person: Person, code: str, now: datetime) -> bool:
    unused = RecoveryCode.objects.filter(person=person, used_at=None, digest__in=digests(code, purpose=_RECOVERY))
    return bool(unused.update(used_at=now))


def codes_left(person: Person) -> int:
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def _matching_step(sealed: str, code: str, now: datetime) -> int | None:
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    present = int(now.timestamp()) // STEP_SECONDS
    try:
        codes = _codes(sealed)
    except CannotOpen:
        logger.error("a second factor can not be opened: its key is gone")
        return None
    steps = [present + apart for apart in STEPS_APART]
    good = [step for step in steps if constant_time_compare(codes.generate(step * STEP_SECONDS).decode(), code)]
    return good[0] if good else None


def _fresh_codes(person: Person) -> list[str]:
    RecoveryCode.objects.filter(person=person).delete()
    codes = ["".join(secrets.choice(LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(person=person, digest=digests(code, purpose=_RECOVERY)[0]) for code in codes
    )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _forget(person: Person) -> None:
    SecondFactor.objects.filter(person=person).delete()
    RecoveryCode.objects.filter(person=person).delete()


def _codes(sealed: str) -> TOTP:
    # The algorithm that every authenticator app knows; it is used as a keyed function, where SHA-1 is not broken.
    return TOTP(opened(sealed, purpose=_SECRET), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303


def _base32(sealed: str) -> str:
    return base64.b32encode(opened(sealed, purpose=_SECRET)).decode().rstrip("=")
