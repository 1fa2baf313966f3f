"""What went wrong, told so that somebody can do something about it."""

from collections.abc import Sequence


class Problem(Exception):
    """Ends a request with a page (or problem+json under /api) that says what happened and what to do.

    `title` and `hint` are finished sentences for the reader: use `_()`. Never put personal data or what was typed in.
    """

    def __init__(
        self,
        status: int,
        title: str,
        hint: str = "",
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status}")
        self.status = status
        self.title = title
        self.hint = hint
        self.errors = tuple(errors)
        """(field, sentence) for input that does not fit."""
        self.headers = headers or {}
