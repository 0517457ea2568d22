"""Every address of the product; the test of rights fails for one that nobody classified."""

from allauth.account import views as account
from django.urls import include, path

from cases import urls as cases_urls
from config import views
from notifications import views as notifications_views

urlpatterns = [
    *cases_urls.urlpatterns,
    *notifications_views.urlpatterns,
    *views.urlpatterns,
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/password/reset/", account.password_reset, name="account_reset_password"),
    path("accounts/password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    path(
        "accounts/password/reset/key/<slug:uidb36>-<str:key>/",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "accounts/password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/email/", account.email, name="account_email"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
]
handler404 = "cases.views.common.not_found"
handler500 = "cases.views.common.broken"
