"""Every address of the product; the test of rights fails for one that nobody classified."""

from django.urls import path

urlpatterns: list = [path("x", lambda r: None, name="home")]
