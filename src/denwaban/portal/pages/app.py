"""The portal as an app on a phone: its manifest, and what says what is the matter without a connection.

All of it is public and the same for everybody: no cookie is needed to install it, and nothing of anybody is kept on the phone.
"""

import hashlib
from typing import Any

from litestar import Response, get
from litestar.params import FromQuery
from litestar.response import Template

from denwaban.web import fragment, page, public, static

COLOUR = "#0b6067"
PAPER = "#f5f5f2"

HOUR = "public, max-age=3600"


@get(
    "/portal/app.webmanifest",
    guards=[public],
    media_type="application/manifest+json",
    include_in_schema=False,
)
async def manifest() -> Response[dict[str, Any]]:
    """What a phone needs to put the portal beside its other apps."""
    icons = [
        {
            "src": static(f"portal/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in (192, 512)
        for purpose in ("any", "maskable")
    ]
    icons.append(
        {
            "src": static("portal/icon.svg"),
            "sizes": "any",
            "type": "image/svg+xml",
            "purpose": "any",
        }
    )
    content = {
        "id": "/portal/",
        "name": "電話番",
        "short_name": "電話番",
        "description": "お電話の報告を受け取り、引き受け、折り返す",
        "lang": "ja",
        "start_url": "/portal/reports",
        # Signing in and one's own contacts are not under /portal.
        "scope": "/",
        "display": "standalone",
        "theme_color": COLOUR,
        "background_color": PAPER,
        "icons": icons,
    }
    return Response(
        content, media_type="application/manifest+json", headers={"Cache-Control": HOUR}
    )


@get(
    "/portal/sw.js",
    guards=[public],
    media_type="text/javascript",
    include_in_schema=False,
    opt={"quiet": True},
)
async def worker() -> Response[str]:
    """The service worker; its scope is /portal/. It is another file whenever something that it keeps is."""
    kept = [
        "/portal/offline",
        "/portal/offline?unsent=1",
        *(
            static(name)
            for name in (
                "web/base.css",
                "portal/portal.css",
                "portal/offline.js",
                "portal/icon.svg",
            )
        ),
    ]
    words = "".join(fragment("portal/offline.html", unsent=unsent) for unsent in (False, True))
    mark = hashlib.sha256(words.encode()).hexdigest()[:12]
    body = fragment("portal/sw.js", kept=kept, mark=mark)
    return Response(body, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@get("/portal/offline", guards=[public], include_in_schema=False, opt={"quiet": True})
async def offline(unsent: FromQuery[str] = "") -> Template:
    """What is shown without a connection; `unsent`: after something was pressed."""
    return page("portal/offline.html", unsent=bool(unsent))


routes = [manifest, worker, offline]
