"""A person at a page, without a browser: opens pages, fills in the forms that stand there, presses the buttons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


class VisitError(RuntimeError):
    """A page that does not answer as a person would expect; the text names address and fault."""


@dataclass
class Form:
    """A form as it stands in a page: where it goes, and what it holds before anybody types."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._open = Form(named.get("action", ""), named.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag == "input" and named.get("type") in ("submit", "image"):
            self._open.buttons.append((named.get("name", ""), named.get("value", "")))
        elif tag == "input" and named.get("type") not in ("checkbox", "radio", "file") and "name" in named:
            self._open.values[named["name"]] = named.get("value", "")
        elif tag == "input" and "checked" in named and "name" in named:
            self._open.values[named["name"]] = named.get("value", "on")
        elif tag == "button" and named.get("type", "submit") == "submit":
            self._open.buttons.append((named.get("name", ""), named.get("value", "")))
        elif tag == "select":
            self._select = named.get("name", "")
        elif tag == "option" and self._select and (self._select not in self._open.values or "selected" in named):
            self._open.values[self._select] = named.get("value", "")
        elif tag == "textarea" and "name" in named:
            self._open.values.setdefault(named["name"], "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


def forms_of(page: str) -> list[Form]:
    """The forms of an HTML page."""
    parser = _Forms()
    parser.feed(page)
    return parser.forms


class Visitor:
    """One person with a browser's cookies. Every call raises VisitError for an unexpected answer."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.http = httpx.Client(base_url=base, follow_redirects=True, timeout=20, trust_env=False)

    def open(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.http.get(path)
        if answer.status_code != status:
            raise VisitError(f"{path}: answered {answer.status_code}, expected {status}")
        return answer.text

    def press(self, path: str, target: str, values: Mapping[str, str], button: tuple[str, str] | None = None) -> str:
        """Opens a page, finds the form whose address or hidden values hold `target`, fills it in and sends it."""
        page = self.open(path)
        for form in forms_of(page):
            words = [form.action, *form.values.values(), *(value for _, value in form.buttons)]
            if form.method == "post" and any(target in word for word in words):
                pressed = button or next((known for known in form.buttons if target in known[1] and known[0]), None)
                data = {**form.values, **values, **({pressed[0]: pressed[1]} if pressed else {})}
                answer = self.http.post(urljoin(str(self.http.base_url.join(path)), form.action), data=data)
                if answer.status_code >= 400:
                    raise VisitError(f"{path}: sending the form {target!r} answered {answer.status_code}")
                return answer.text
        raise VisitError(f"{path}: no form for {target!r}")

    def sign_in(self, login: str, password: str) -> None:
        """Signs in at /login."""
        self.press("/login", "login", {"login": login, "password": password})

    def close(self) -> None:
        self.http.close()
