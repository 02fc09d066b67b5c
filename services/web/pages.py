"""The console's own files: one page, and what it loads. Built by Vite into `dist`; read when asked, so that a build
that ends later is seen at once."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Response

from services.kit.problems import not_found

DIST: Final = Path(__file__).parent / "dist"
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
"""On everything that a browser shows. No inline script or style runs; nothing may frame the console."""
FOR_EVER: Final = "public, max-age=31536000, immutable"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")
_NOT_BUILT: Final = (
    "<!doctype html><meta charset=utf-8><title>Third Rescue</title>"
    "<h1>控制台尚未构建 · The console is not built</h1>"
    "<p>服务正在运行，可通过接口和命令行使用。请在能访问 npm 软件源时再次运行 <code>./thirdrescue up</code>。"
    "<p>The services run and answer by API and command line. Run <code>./thirdrescue up</code> again "
    "when the npm registry can be reached."
)


def is_built(dist: Path = DIST) -> bool:
    """Whether there is a page to serve."""
    return (dist / "index.html").is_file()


def create_router(dist: Path = DIST) -> APIRouter:
    """The routes of the page and its files."""
    router = APIRouter()

    @router.get("/")
    async def page() -> Response:
        content = await asyncio.to_thread(_read, dist / "index.html")
        if content is None:
            return Response(_NOT_BUILT, 503, {**SECURITY, "Cache-Control": "no-store"}, media_type="text/html")
        return Response(content, 200, {**SECURITY, "Cache-Control": "no-cache"}, media_type="text/html")

    @router.get("/assets/{name}")
    async def asset(name: str) -> Response:
        """Names carry a digest of the content, so that they are kept for ever."""
        content = await asyncio.to_thread(_read, dist / "assets" / name) if _NAME.fullmatch(name) else None
        if content is None:
            raise not_found("file of the console")
        media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(content, 200, {**SECURITY, "Cache-Control": FOR_EVER}, media_type=media_type)

    return router


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None
