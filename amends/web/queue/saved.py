"""Saved views: keeping a list under a name, and forgetting one."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext

from amends.apps.lists.saved import drop_view, kept_query, save_view
from amends.core.refusals import InvalidData
from amends.doors.routes import route
from amends.doors.wording import said_of_field
from amends.web.viewing import viewer_of


@route(audience="staff", permission="signed_in", kind="view", methods=["POST"])
def save(request: HttpRequest) -> HttpResponse:
    """Keep the list under a name, for oneself or shared where one may; what is wrong is said on the list itself."""
    query = kept_query(dict(parse_qsl(request.POST.get("query", "")[:2000])))
    title, audience = request.POST.get("title", ""), request.POST.get("audience", "")
    try:
        view = save_view(viewer=viewer_of(request), title=title, query=query, audience=audience)
    except InvalidData as refusal:
        for error in refusal.errors:
            messages.error(request, said_of_field(error))
        return HttpResponseRedirect(f"{reverse('queue')}?{query}")
    messages.success(request, gettext("已保存视图“%(title)s”。") % {"title": view.title})
    return HttpResponseRedirect(f"{reverse('queue')}?{query}&view={view.pk}")


@route(audience="staff", permission="signed_in", kind="view", methods=["POST"])
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a view of one's own, or a shared one where one may share; any other is not there."""
    drop_view(viewer=viewer_of(request), key=pk)
    messages.success(request, gettext("已删除视图。"))
    return HttpResponseRedirect(reverse("queue"))
