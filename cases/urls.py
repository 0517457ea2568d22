"""The addresses of the reviews' pages, one list per group of screens."""

from cases.views import clearing, consultations, documents, feedback, home, observations, queries, questionnaire, review, summary

urlpatterns = [
    *home.urlpatterns,
    *review.urlpatterns,
    *consultations.urlpatterns,
    *questionnaire.urlpatterns,
    *clearing.urlpatterns,
    *feedback.urlpatterns,
    *queries.urlpatterns,
    *observations.urlpatterns,
    *summary.urlpatterns,
    *documents.urlpatterns,
]
