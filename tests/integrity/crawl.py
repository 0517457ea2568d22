"""Walking the product as a person does: from home, along every link there is."""

import re
from html import unescape
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client

LINK = re.compile(r"""(?:href|src|hx-get|action)=["']([^"']+)["']""")
MOST_PAGES = 600


def signed_in(user, *, language: str | None = None) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    if language:
        user.language = language
        user.save(update_fields=["language"])
    return client


def steady(body: bytes) -> str:
    """A page without what differs at every request: form tokens and form keys."""
    return re.sub(r'(name="(?:csrfmiddlewaretoken|key)" value=")[^"]*', r"\1", body.decode())


def pages(client: Client, start: str = "/") -> dict[str, str]:
    """Every page reachable by links, by its address; what cannot be read is a failure."""
    seen: dict[str, str] = {}
    waiting = [start]
    while waiting:
        address = waiting.pop(0)
        if address in seen:
            continue
        response = client.get(address)
        assert response.status_code in {200, 302, 304, 405}, (address, response.status_code)
        if response.status_code == 302:
            waiting.append(urlsplit(response["Location"]).path)
            seen[address] = ""
            continue
        if response.streaming:
            body = b"".join(response.streaming_content).decode(errors="replace")
        else:
            body = response.content.decode(errors="replace")
        seen[address] = body
        assert len(seen) < MOST_PAGES, "the crawl does not end"
        if "html" not in response.get("Content-Type", ""):
            continue
        for link in LINK.findall(body):
            target, _fragment = urldefrag(urljoin(address, unescape(link)))
            parts = urlsplit(target)
            if parts.netloc or parts.scheme or not parts.path.startswith("/") or parts.path.startswith("/static/"):
                continue
            if target not in seen:
                waiting.append(target)
    return seen
