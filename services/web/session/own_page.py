"""Whether a request comes from the console's own page. Browsers say so, and no page of another site can change it."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from services.kit.problems import forbidden


async def own_page(request: Request) -> None:
    """403 unless the browser says that the console's own page asks.

    `Sec-Fetch-Site` where the browser sends it (over https, and on the machine itself); else `Origin`, which must name
    the host that was asked.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        is_own = site == "same-origin"
    else:
        origin = urlsplit(request.headers.get("origin", ""))
        is_own = origin.netloc != "" and origin.netloc == request.headers.get("host")
    if not is_own:
        raise forbidden("Only the console's own page may ask this.")
