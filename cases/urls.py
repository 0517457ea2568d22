"""The addresses of the reviews' pages, one list per group of screens."""

from importlib import import_module
from importlib.util import find_spec

GROUPS = (
    "home",
    "review",
    "consultations",
    "questionnaire",
    "clearing",
    "feedback",
    "queries",
    "observations",
    "summary",
    "documents",
    "follow_up",
    "launch",
    "lots",
)
urlpatterns = [
    pattern
    for group in GROUPS
    if find_spec(f"cases.views.{group}")
    for pattern in import_module(f"cases.views.{group}").urlpatterns
]
