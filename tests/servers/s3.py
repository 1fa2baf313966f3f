"""A server that speaks S3: signatures are checked to the letter, parts are put together, ranges are given.

It runs in threads of its own, as its clients do not share the test's event loop.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit
from xml.etree import ElementTree

KEY, SECRET, REGION, BUCKET = "AKIDTEST", "secret/of+the=test", "jp-test-1", "recordings"


class Bucket:
    """What lies there, and what was asked."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.broken = 0
        """So many of the next requests are answered with 503."""
        self.url = ""


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), hashlib.sha256)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def _signed(self, body: bytes) -> bool:
        """Whether the request is signed as AWS Signature Version 4 has it."""
        said = self.headers.get("authorization", "")
        if not said.startswith("AWS4-HMAC-SHA256 "):
            return False
        parts = dict(one.strip().split("=", 1) for one in said.split(" ", 1)[1].split(","))
        name, day, region, service, end = parts["Credential"].split("/")
        if (name, region, service, end) != (KEY, REGION, "s3", "aws4_request"):
            return False
        content = self.headers["x-amz-content-sha256"]
        if content != "UNSIGNED-PAYLOAD" and content != hashlib.sha256(body).hexdigest():
            return False
        url = urlsplit(self.path)
        query = sorted(parse_qsl(url.query, keep_blank_values=True))
        signed = parts["SignedHeaders"].split(";")
        request = "\n".join(
            (
                self.command,
                url.path,
                "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query),
                *(f"{one}:{' '.join((self.headers[one] or '').split())}" for one in signed),
                "",
                parts["SignedHeaders"],
                content,
            )
        )
        text = "\n".join(
            (
                "AWS4-HMAC-SHA256",
                self.headers["x-amz-date"],
                f"{day}/{region}/s3/aws4_request",
                hashlib.sha256(request.encode()).hexdigest(),
            )
        )
        key = _digest(f"AWS4{SECRET}".encode(), day)
        for one in (region, "s3", "aws4_request"):
            key = _digest(key, one)
        return hmac.compare_digest(_digest(key, text).hex(), parts["Signature"])

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        self.bucket.asked.append(f"{self.command} {url.path}")
        if self.bucket.broken > 0:
            self.bucket.broken -= 1
            self._answer(503, b"<Error><Code>SlowDown</Code></Error>")
            return
        prefix = f"/{BUCKET}/"
        if not self._signed(body) or not url.path.startswith(prefix):
            self.bucket.refused.append(self.path)
            self._answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
            return
        getattr(self, f"_{self.command.lower()}")(url.path.removeprefix(prefix), query, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _do

    def _put(self, name: str, query: dict[str, str], body: bytes) -> None:
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        if "uploadId" in query:
            self.bucket.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.bucket.objects[name] = body
        self._answer(200, ETag=etag)

    def _post(self, name: str, query: dict[str, str], body: bytes) -> None:
        if "uploads" in query:
            made = f"u{len(self.bucket.uploads)}"
            self.bucket.uploads[made] = {}
            inner = f"<Bucket>{BUCKET}</Bucket><Key>{name}</Key><UploadId>{made}</UploadId>"
            kind = "InitiateMultipartUploadResult"
        else:
            parts = self.bucket.uploads.pop(query["uploadId"])
            wanted = [
                int(one.text or 0)
                for one in ElementTree.fromstring(body).iter()
                if one.tag.endswith("PartNumber")
            ]
            self.bucket.objects[name] = b"".join(parts[number] for number in wanted)
            inner = f'<Bucket>{BUCKET}</Bucket><Key>{name}</Key><ETag>"x-{len(wanted)}"</ETag>'
            kind = "CompleteMultipartUploadResult"
        self._answer(200, f"<{kind}>{inner}</{kind}>".encode(), Content_Type="application/xml")

    def _get(self, name: str, _query: dict[str, str], _body: bytes) -> None:
        content = self.bucket.objects.get(name)
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        usual = {
            "ETag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"',
            "Last_Modified": "Tue, 24 Nov 2026 01:00:00 GMT",
        }
        asked = self.headers.get("range")
        if self.command == "HEAD":
            self._answer(200, b"", Content_Length=str(len(content)), **usual)
        elif asked is None:
            self._answer(200, content, **usual)
        else:
            first, last = asked.removeprefix("bytes=").split("-")
            begin, end = int(first), min(int(last or len(content)) + 1, len(content))
            if begin >= len(content):
                self._answer(416, b"<Error><Code>InvalidRange</Code></Error>")
                return
            where = f"bytes {begin}-{end - 1}/{len(content)}"
            self._answer(206, content[begin:end], Content_Range=where, **usual)

    _head = _get

    def _delete(self, name: str, _query: dict[str, str], _body: bytes) -> None:
        self.bucket.objects.pop(name, None)
        self._answer(204)


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """Runs meanwhile on 127.0.0.1."""
    bucket = Bucket()
    handler = type("Handler", (_Handler,), {"bucket": bucket})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    bucket.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
