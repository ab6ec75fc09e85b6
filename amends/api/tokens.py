"""Who calls: a bearer token, looked up by its hash; rights are those of its owner now, within its desks and scopes."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from amends.apps.cases.queries import Viewer
from amends.apps.people.actions import hash_of_secret
from amends.apps.people.models import ApiToken
from amends.apps.people.queries import desks_of_token, token_of
from amends.core.refusals import NotPermitted, Refusal


class NoToken(Refusal):
    """There is no token, or it does not count (any more): told apart by nobody."""

    code = "unauthorized"
    status = 401
    sentence = "请提供有效的访问令牌。"


def viewer_of(request: HttpRequest) -> Viewer:
    """The owner of the request's token, within its limits.

    Raises NoToken alike for missing, unknown, expired and revoked ones, and NotPermitted when one without a scope that
    reads is used for reading: for every address alike, so that it tells nothing.
    """
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not secret.strip():
        raise NoToken
    now = timezone.now()
    token = token_of(hash_of_secret(secret.strip()))
    if token is None or token.revoked_at is not None or token.expires_at <= now or not token.person.is_active:
        raise NoToken
    if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    scopes = frozenset(token.scopes.split())
    viewer = Viewer(person=token.person, now=now, scopes=scopes, within=desks_of_token(token))
    if request.method in ("GET", "HEAD") and not viewer.may_read():
        raise NotPermitted("这个访问令牌不能读取个案：其权限范围没有 read。")
    return viewer
