"""The gallery's address, which exists only where developers and tests are."""

from django.conf import settings
from django.urls import URLPattern, path

from fabrica.web.gallery import gallery

app_name = "web"
gallery_patterns = [path("gallery/", gallery, name="gallery")]
urlpatterns: list[URLPattern] = gallery_patterns if settings.DEBUG else []
