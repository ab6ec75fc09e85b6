"""Surveys, whom they invite, and what was answered. Each has its chain; the rows are what lists and figures read."""

from __future__ import annotations

import uuid

from django.db import models

from amends.apps.ledger.models import Chain
from amends.apps.people.models import Department, Person
from amends.apps.policies.models import Desk, PackVersion
from amends.apps.policies.queries import read_version
from amends.core.policy.base import Title


class Survey(models.Model):
    """One survey: which questions, to whom, how and when. Made by somebody, or by a plan of the pack (`origin`).

    `pack` holds the version in which the questionnaire stands as it is asked; `digest` is that questionnaire's. `target` is JSON: kinds,
    categories, channels, department, closed_from, closed_until.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        RUNNING = "running"
        ENDED = "ended"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="survey")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="surveys")
    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT, related_name="surveys")
    questionnaire = models.CharField(max_length=63, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=63, blank=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    target = models.TextField(default="{}")
    methods = models.CharField(max_length=60, blank=True)
    share = models.PositiveSmallIntegerField(default=100)
    minimum = models.PositiveIntegerField(default=5)
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    unreachable = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="surveys")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["desk", "-created_at", "id"], name="surveys_of_a_desk"),
            models.Index(fields=["desk", "origin", "-created_at"], name="surveys_of_a_plan"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def called(self) -> Title:
        """As somebody named it, or as the plan of the policy does."""
        plan = read_version(self.pack_id).surveys.plans.get(self.origin)
        return plan.title if plan else Title.model_validate({"zh-Hans": self.title, "en": self.title})

    @property
    def is_open(self) -> bool:
        return self.state == self.State.RUNNING


class SurveyInvitation(models.Model):
    """That somebody is asked, once: about a case and its cycle, by which way, and whether they answered.

    Department, category, channel and handler are the case's at that moment, so that figures stay as they were.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="invitations")
    chain = models.OneToOneField(Chain, on_delete=models.PROTECT, related_name="invitation")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="invitations")
    cycle = models.PositiveSmallIntegerField(default=1)
    method = models.CharField(max_length=10)
    link_hash = models.CharField(max_length=64, unique=True)
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="invitations")
    category = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=63, blank=True)
    handler = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["survey", "case", "cycle"], name="asked_once_a_cycle")]
        indexes = [
            models.Index(fields=["survey", "-invited_at", "id"], name="invitations_of_a_survey"),
            models.Index(fields=["case", "invited_at"], name="invitations_of_a_case"),
        ]


class Answer(models.Model):
    """One sheet that was answered, how, and by whom it was taken down; the words lie beside its event."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="answers")
    invitation = models.OneToOneField(SurveyInvitation, null=True, on_delete=models.PROTECT, related_name="answer")
    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="answers")
    seq = models.PositiveIntegerField()
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="answers")
    method = models.CharField(max_length=10)
    interviewer = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="interviews")
    department = models.ForeignKey(Department, null=True, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=200, blank=True)
    channel = models.CharField(max_length=63, blank=True)
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["survey", "-answered_at", "id"], name="answers_of_a_survey")]


class Score(models.Model):
    """One question of one answer: its score, or a code that was chosen."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="scores")
    survey = models.ForeignKey(Survey, on_delete=models.PROTECT, related_name="scores")
    question = models.CharField(max_length=63)
    value = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=63, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "question", "code"], name="a_question_answered_once")]
        indexes = [models.Index(fields=["survey", "question", "value"], name="scores_of_a_question")]
