"""Sealed recordings in a bucket of an S3-compatible service: what goes there is ciphertext, whoever runs it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from denwaban.config import Settings, SettingsError

_PART = 8 * 1024 * 1024
_PATIENCE = timedelta(seconds=30)


class AwayTrouble(OSError):
    """The bucket did not answer, or refused. The message has no names and no keys."""


class Away:
    """The bucket. Its verbs block: call them in a thread. All raise `AwayTrouble`."""

    def __init__(self, bucket: S3Store) -> None:
        self._bucket = bucket

    def keep(self, name: str, path: Path) -> None:
        """Puts a file there, and returns when what is there was read again and is the same."""
        with _told():
            obstore.put(self._bucket, name, path, chunk_size=_PART)
            there = hashlib.sha256()
            for piece in obstore.get(self._bucket, name).stream(_PART):
                there.update(piece)
        with path.open("rb") as file:
            if hashlib.file_digest(file, hashlib.sha256).digest() != there.digest():
                raise AwayTrouble("what lies there is not what was sent")

    def part(self, name: str, wanted: range) -> bytes:
        """Those bytes; fewer when it ends before."""
        with _told():
            return obstore.get_range(
                self._bucket, name, start=wanted.start, end=wanted.stop
            ).to_bytes()

    def forget(self, name: str) -> None:
        """Removes it; one that is not there is no error."""
        with _told():
            obstore.delete(self._bucket, name)


def bucket_of(settings: Settings) -> Away | None:
    """The bucket of the settings; None when recordings stay on this machine. Raises `SettingsError` for half a setting."""
    if not settings.s3_bucket:
        return None
    if not (settings.s3_endpoint and settings.s3_key and settings.s3_secret):
        raise SettingsError(
            "DENWABAN_S3_BUCKET: DENWABAN_S3_ENDPOINT, DENWABAN_S3_KEY, DENWABAN_S3_SECRET も要ります"
        )
    return Away(
        S3Store(
            settings.s3_bucket,
            endpoint=settings.s3_endpoint.rstrip("/"),
            region=settings.s3_region,
            access_key_id=settings.s3_key,
            secret_access_key=settings.s3_secret,
            virtual_hosted_style_request=False,
            disable_bulk_delete=True,  # not all that speak S3 have it
            client_options={
                "allow_http": settings.s3_endpoint.startswith("http://"),
                "timeout": _PATIENCE,
            },
            retry_config={"max_retries": 3, "retry_timeout": _PATIENCE},
        )
    )


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise AwayTrouble("not there") from error
    except BaseError as error:
        # Its own words may hold addresses and names.
        raise AwayTrouble(type(error).__name__) from None
