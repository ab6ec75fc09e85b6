"""The addresses of the portal."""

from django.urls import path

from amends.web.portal import (
    complaining,
    embedding,
    following,
    front,
    opened,
    partner_opening,
    partners,
    surveys,
    uploading,
)

urlpatterns = [
    path("", front.front, name="portal"),
    path("follow/", front.follow, name="portal_follow"),
    path("code/", front.code, name="portal_code"),
    path("leave/", front.leave, name="portal_leave"),
    path("complain/<slug:desk>/<slug:kind>/", complaining.complain_form, name="portal_complain"),
    path("complain/<slug:desk>/<slug:kind>/keep/", complaining.keep_typed, name="portal_keep"),
    path("q/<str:sealed>/", front.entrance, name="portal_entrance"),
    path("embed/<slug:desk>/", embedding.embedded, name="portal_embed"),
    path("embed/<slug:desk>/frame.js", embedding.frame_script, name="portal_embed_script"),
    path("embed/<slug:desk>/keep/", embedding.embedded_keep, name="portal_embed_keep"),
    path("embed/<slug:desk>/uploads/", embedding.embedded_uploads, name="portal_embed_uploads"),
    path("uploads/<slug:desk>/", uploading.uploads, name="portal_uploads"),
    path("s/<str:secret>/", following.by_link, name="portal_link"),
    path("s/<str:secret>/code/", following.code_by_link, name="portal_link_code"),
    path("s/<str:secret>/pin/", following.pin_by_link, name="portal_link_pin"),
    path("s/<str:secret>/add/<slug:verb>/", following.add_by_link, name="portal_link_add"),
    path("survey/<str:secret>/", surveys.by_link, name="portal_survey"),
    path("ask/<slug:desk>/<slug:questionnaire>/", surveys.publicly, name="portal_public_survey"),
    path("partner/<str:secret>/", partners.by_link, name="partner_link"),
    path("partner/<str:secret>/code/", partner_opening.code, name="partner_code"),
    path("partner/<str:secret>/files/<uuid:file_id>/", partners.file, name="partner_file"),
    path("partner/<str:secret>/<uuid:key>/<slug:verb>/", partners.act, name="partner_act"),
    path("case/<str:number>/", opened.opened, name="portal_case"),
    path("case/<str:number>/<slug:verb>/", opened.act, name="portal_act"),
]
