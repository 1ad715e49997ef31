"""One signed POST: a connection of its own, one deadline for all of it, no redirect followed, only its head read."""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL, httpx.UnsupportedProtocol)
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Answer(NamedTuple):
    """What came back. `status` None: nothing; `reached` False: the other side has certainly not got it."""

    status: int | None
    detail: str
    reached: bool = True
    receipt: str | None = None


class Forbidden(ValueError):
    """An address that must not be asked; the text names it."""


def sign(secret: str, at: int, body: bytes, *older: str) -> str:
    """The value of X-Sunlit-Signature for a body sent at a Unix time: a `v1` for each secret that holds."""
    marks = [hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest() for key in (secret, *older)]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def post(
    url: str, body: bytes, headers: Mapping[str, str], deadline_s: float, tls: ssl.SSLContext, public_only: bool = False
) -> Answer:
    """Sends `body`. `public_only` refuses what is not HTTPS and what does not lead into the public Internet."""
    heard: list[Answer] = []
    # A loop of its own, so that the deadline holds for all of it: a name that nobody resolves, bytes that drip in.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(
            asyncio.wait_for(_post(url, body, headers, deadline_s, tls, public_only, heard), deadline_s)
        )
    except UNREACHABLE as error:
        return Answer(None, f"cannot be reached: {error}", reached=False)
    except (Forbidden, UnicodeError) as error:
        return Answer(None, f"address: {error}", reached=False)
    except TimeoutError:
        return heard[0] if heard else Answer(None, f"no answer within {deadline_s:g} s")
    except httpx.HTTPError as error:
        return heard[0] if heard else Answer(None, f"{type(error).__name__}: {error}")
    finally:
        loop.close()
    return heard[0]


async def _post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    deadline_s: float,
    tls: ssl.SSLContext,
    public_only: bool,
    heard: list[Answer],
) -> None:
    """Only the head of the answer matters. Every letter has a connection of its own: what a gateway says twice is never
    taken for an answer to the next."""
    asked, extensions = httpx.URL(url), {}
    if public_only:
        # Asked by the number that was looked at: a name that leads elsewhere a moment later leads nowhere.
        host = asked.host
        headers = {**headers, "Host": asked.netloc.decode()}
        asked, extensions = asked.copy_with(host=await _public(url, deadline_s)), {"sni_hostname": host}
    async with (
        httpx.AsyncClient(verify=tls, timeout=deadline_s, trust_env=False) as http,
        http.stream("POST", asked, content=body, headers=dict(headers), extensions=extensions) as answer,
    ):
        status = answer.status_code
        elsewhere = ": leads elsewhere, which is not followed" if 300 <= status < 400 else ""
        heard.append(Answer(status, f"HTTP {status}{elsewhere}", receipt=answer.headers.get("X-Receipt")))


async def _public(url: str, deadline_s: float) -> str:
    """The number of a host in the public Internet. Raises Forbidden, httpx.ConnectError."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise Forbidden(f"{parts.scheme or 'none'}, expected https")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpx.ConnectError(f"the name is not known ({error.strerror})") from error
    numbers = [str(one[4][0]) for one in found]
    inside = [number for number in numbers if not is_public(number)]
    if inside or not numbers:
        raise Forbidden("leads into a private network, which [alerting] hooks_private does not allow")
    return numbers[0]


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public Internet, also where it carries another one inside."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved
