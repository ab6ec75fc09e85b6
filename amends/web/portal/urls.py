"""The addresses of the portal."""

from django.urls import path

from amends.web.portal import complaining, following, front

urlpatterns = [
    path("", front.front, name="portal"),
    path("follow/", front.follow, name="portal_follow"),
    path("code/", front.code, name="portal_code"),
    path("leave/", front.leave, name="portal_leave"),
    path("complain/<slug:desk>/<slug:kind>/", complaining.complain_form, name="portal_complain"),
    path("uploads/<slug:desk>/", complaining.uploads, name="portal_uploads"),
    path("s/<str:secret>/", following.by_link, name="portal_link"),
    path("s/<str:secret>/code/", following.code_by_link, name="portal_link_code"),
    path("s/<str:secret>/pin/", following.pin_by_link, name="portal_link_pin"),
    path("s/<str:secret>/add/<slug:verb>/", following.add_by_link, name="portal_link_add"),
    path("case/<str:number>/", following.opened, name="portal_case"),
    path("case/<str:number>/<slug:verb>/", following.act, name="portal_act"),
]
