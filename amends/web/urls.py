"""Addresses of the staff pages, and of the portal where it is installed."""

from django.urls import include, path

from amends.web.case import acting
from amends.web.case import printing as case_printing
from amends.web.case import views as case
from amends.web.drafts import views as drafts
from amends.web.intake import views as intake
from amends.web.notices import views as notices
from amends.web.policies import views as policies
from amends.web.queue import views as queue
from amends.web.reports import views as reports
from amends.web.sign_in import views as sign_in
from amends.web.uploads import views as uploads

urlpatterns = [
    path("", queue.page, name="queue"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-out/", sign_in.sign_out, name="sign_out"),
    path("language/", sign_in.set_language, name="set_language"),
    path("intake/", intake.page, name="intake"),
    path("intake/earlier/", intake.earlier, name="earlier"),
    path("uploads/", uploads.upload, name="uploads"),
    path("drafts/", drafts.save, name="save_draft"),
    path("drafts/drop/", drafts.drop, name="drop_draft"),
    path("cases/<str:number>/", case.page, name="case"),
    path("cases/<str:number>/do/<slug:verb>/", acting.act, name="act"),
    path("cases/<str:number>/reveal/", case.reveal, name="reveal"),
    path("cases/<str:number>/evidence/<uuid:file_id>/", case.evidence, name="evidence"),
    path("cases/<str:number>/print/<slug:form_id>.pdf", case_printing.printed, name="printed"),
    path("notices/", notices.page, name="notices"),
    path("notices/seen/", notices.acknowledge_shown, name="acknowledge_shown"),
    path("notices/<int:pk>/seen/", notices.acknowledge, name="acknowledge"),
    path("policies/", policies.index, name="policies"),
    path("policies/<slug:desk>/process/", policies.process, name="process"),
    path("policies/<slug:desk>/duties/", policies.duties, name="duties"),
    path("counts/", reports.page, name="counts"),
    path("gaps/", reports.gap_page, name="gaps"),
    path("portal/", include("amends.web.portal.urls")),
]
