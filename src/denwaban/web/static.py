"""Style sheets, scripts and pictures of every slice, each under an address that changes with its content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from denwaban.web.guards import public
from denwaban.web.language import _
from denwaban.web.problem import Problem

_SLICES = Path(__file__).parent.parent
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
}


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes | None
    """gzip, where that saves something."""
    type: str
    mark: str


@cache
def assets() -> dict[str, Asset]:
    """Every file in the slices' `static` folders, read once: `SLICE/path` → asset."""
    found = {}
    for folder in sorted(_SLICES.glob("*/static")):
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                found[f"{folder.parent.name}/{file.relative_to(folder).as_posix()}"] = _asset(file)
    return found


def _asset(file: Path) -> Asset:
    body = file.read_bytes()
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "text/plain"
    packed = gzip.compress(body, 9, mtime=0) if kind.startswith(("text/", "image/svg")) else None
    if packed is not None and len(packed) > len(body) * 0.9:
        packed = None
    return Asset(body, packed, kind, hashlib.sha256(body).hexdigest()[:16])


def static(name: str) -> str:
    """The address of `SLICE/FILE`. Raises KeyError for a file that is not there."""
    return f"/static/{name}?v={assets()[name].mark}"


@get("/static/{name:path}", guards=[public], include_in_schema=False, opt={"quiet": True})
async def serve(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    found = assets().get(name.lstrip("/"))
    if found is None:
        raise Problem(404, _("ファイルが見つかりません"))
    tag = f'"{found.mark}"'
    fresh = request.query_params.get("v") == found.mark
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=31536000, immutable" if fresh else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers)
    body = found.body
    if found.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = found.packed
    return Response(body, media_type=found.type, headers=headers)
