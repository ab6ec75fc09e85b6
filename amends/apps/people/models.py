"""People and what they hold: departments as a tree, roles, absences with deputies, partners, complainants, tokens."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q

from amends.apps.policies.models import Desk, called
from amends.core.policy.base import Title


class Department(models.Model):
    """A unit of the company. `path` lists the ids from the root down, each followed by a dot, so that a subtree is a prefix."""

    code = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=120, blank=True)
    sort_key = models.CharField(max_length=240, blank=True)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=250, db_index=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sort_key", "id"]

    def __str__(self) -> str:
        return self.title

    @property
    def called(self) -> Title:
        """What it is called, in the languages it has a name in."""
        return called(self.title, self.title_en)

    def lies_within(self, ancestor: Department) -> bool:
        return self.path.startswith(ancestor.path)


class DeskFunction(models.Model):
    """Which department does a function of the pack on a desk."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="functions")
    function = models.CharField(max_length=63)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="functions")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "function"], name="one_department_for_a_function")]


class People(BaseUserManager["Person"]):
    def create_person(self, *, username: str, name: str, password: str | None = None, **fields: Any) -> Person:
        """A new person; without a password nobody can sign in as them."""
        return self.create(username=username, name=name, password=make_password(password), **fields)


class Person(AbstractBaseUser):
    """Somebody of the company who signs in, or a machine account."""

    username = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=60)
    sort_key = models.CharField(max_length=240, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="zh-hans")
    department = models.ForeignKey(Department, null=True, blank=True, on_delete=models.PROTECT, related_name="staff")
    is_active = models.BooleanField(default=True)
    is_administrator = models.BooleanField(default=False)
    is_machine = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    """Invented for a demo: signs in on the machine itself only."""
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects = People()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["sort_key", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def actor_id(self) -> str:
        return f"person:{self.pk}"


class Membership(models.Model):
    """A role of a desk's pack that a person holds, on the desk as a whole or in a department, between dates."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=63)
    department = models.ForeignKey(
        Department, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "desk", "role", "department"], name="a_role_is_held_once"),
        ]
        indexes = [models.Index(fields=["desk", "role"], name="who_holds_a_role")]

    @staticmethod
    def valid_at(now: Any) -> Q:
        return (Q(starts_at=None) | Q(starts_at__lte=now)) & (Q(ends_at=None) | Q(ends_at__gt=now))


class PersonSkill(models.Model):
    """That somebody has a skill which the policy of a desk names; cases that need it come to them by themselves."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="skills")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="+")
    skill = models.CharField(max_length=63)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "desk", "skill"], name="a_skill_is_had_once")]


class Absence(models.Model):
    """Somebody is away between two moments; the deputy has their deputised roles meanwhile."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    deputy = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="deputising")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    keeps_working = models.BooleanField(default=False)
    """A standing delegation: the person is at work and the deputy may act as well."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="an_absence_ends_later")
        ]
        indexes = [models.Index(fields=["ends_at"], name="absences_by_end")]

    @staticmethod
    def running_at(now: Any) -> Q:
        return Q(starts_at__lte=now, ends_at__gt=now)


class Invitation(models.Model):
    """A link with which a person sets a password: once, and within its time. Only its hash is stored."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="invitations")
    hashed = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class SecondFactor(models.Model):
    """The secret from which an authenticator app of a person computes codes, sealed with the key of the installation."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="second_factor")
    sealed = models.CharField(max_length=400)
    last_step = models.BigIntegerField(default=0)
    """The step of time whose code was used last: neither it nor an earlier one is taken again."""
    created_at = models.DateTimeField()


class RecoveryCode(models.Model):
    """A code that takes the place of the authenticator app once. Only its keyed digest is stored."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "digest"], name="a_recovery_code_once")]


class SignedIn(models.Model):
    """A browser in which a person is signed in: which session it is, and how they recognise it. It goes with the session."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="signed_in")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="signed_in")
    browser = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=64, blank=True)
    began_at = models.DateTimeField()


class Partner(models.Model):
    """A company outside that works for a desk and may be complained about or asked. Without a desk it is of every desk.

    `kind` is one of those that the policy registers partners as; empty where it knows none.
    """

    desk = models.ForeignKey(Desk, null=True, blank=True, on_delete=models.PROTECT, related_name="partners")
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=63, blank=True)
    contact = models.CharField(max_length=120, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["desk", "name"], name="a_partner_of_a_desk_once"),
            models.UniqueConstraint(fields=["name"], condition=Q(desk=None), name="a_partner_of_every_desk_once"),
        ]

    @staticmethod
    def of_desk(desk: Desk) -> Q:
        return Q(desk=desk.staffed_as) | Q(desk=None)

    def __str__(self) -> str:
        return self.name


class Complainant(models.Model):
    """Somebody who complains: a customer, dealer, partner or employee, with several ways to reach them."""

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=30, default="customer")
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="as_complainant")
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"complainant:{self.pk}"

    @property
    def actor_id(self) -> str:
        return f"complainant:{self.pk}"


class ContactPoint(models.Model):
    """One way to reach a complainant. `value` is as entered, `normal` is what is compared."""

    complainant = models.ForeignKey(Complainant, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=[("phone", "电话"), ("email", "邮箱"), ("address", "地址")])
    value = models.CharField(max_length=300)
    normal = models.CharField(max_length=300)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["complainant", "kind", "normal"], name="a_contact_point_once")]
        indexes = [models.Index(fields=["kind", "normal"], name="who_has_a_contact_point")]


class ApiToken(models.Model):
    """A bearer token: only its hash is stored; its rights are the owner's now, within its desks and scopes.

    `is_limited` stays when the last of its desks is gone: such a token counts on no desk, never on all of them.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    hashed = models.CharField(max_length=64, unique=True)
    desks = models.ManyToManyField(Desk, blank=True)
    is_limited = models.BooleanField(default=False, db_default=False)
    scopes = models.CharField(max_length=400, default="read")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)


class AccessEntry(models.Model):
    """That somebody read, searched, revealed, exported or printed personal data: who, when, what, why. Only added to."""

    at = models.DateTimeField(db_index=True)
    desk = models.ForeignKey(Desk, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    actor = models.CharField(max_length=40)
    action = models.CharField(max_length=20)
    object = models.CharField(max_length=60)
    field = models.CharField(max_length=63, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["object", "at"], name="access_to_an_object"),
            models.Index(fields=["desk", "-at"], name="access_on_a_desk"),
            models.Index(fields=["actor", "-at"], name="access_by_somebody"),
            models.Index(fields=["-at"], name="access_by_search", condition=models.Q(action="search")),
        ]
