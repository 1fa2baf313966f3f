"""One sentence for a reader, in Japanese until it is shown. Pure."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text, and the values for its `%(name)s`."""

    text: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """In Japanese."""
        return self.text % dict(self.values) if self.values else self.text

    def tell(self, translate: Callable[..., str]) -> str:
        """In the reader's language."""
        return translate(self.text, **dict(self.values))


def sentence(text: str, **values: str) -> Sentence:
    """A sentence; `text` is marked with `N_` where it stands."""
    return Sentence(text, tuple(values.items()))
