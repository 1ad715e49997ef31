"""The cookie of a session, and the one between password and code. Neither can be read by a script."""

from fastapi import Request
from fastapi.responses import Response

COOKIE, PASS_COOKIE = "sunlit_session", "sunlit_pass"


def name_of(request: Request, cookie: str = COOKIE) -> str:
    """With `__Host-` a browser takes it from this very host alone, encrypted and for the whole site."""
    return f"__Host-{cookie}" if request.app.state.settings.api.secure_cookies else cookie


def token_of_cookie(request: Request, cookie: str = COOKIE) -> str:
    """What the browser brings; empty: nothing."""
    return request.cookies.get(name_of(request, cookie), "")


def put(request: Request, answer: Response, token: str, seconds: float, cookie: str = COOKIE) -> None:
    """Gives the browser a token for `seconds`."""
    secure = request.app.state.settings.api.secure_cookies
    name = name_of(request, cookie)
    answer.set_cookie(name, token, max_age=int(seconds), path="/", httponly=True, samesite="lax", secure=secure)


def drop(request: Request, answer: Response, cookie: str = COOKIE) -> None:
    """Takes it away again."""
    secure = request.app.state.settings.api.secure_cookies
    name = name_of(request, cookie)
    answer.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=secure)
