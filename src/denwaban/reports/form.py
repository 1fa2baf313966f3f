"""What a client wants to read in its reports: which fields, in which order, in which words. Pure."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from denwaban.reports.sentence import Sentence, sentence
from denwaban.texts import N_

MOST_OWN = 8
"""Fields that a client may add to the built-in ones."""

LABEL_MAX, HINT_MAX, CHOICES_MAX = 30, 100, 20

BUILT_IN = {
    "who": N_("お名前"),
    "kana": N_("ふりがな"),
    "company": N_("会社名"),
    "number": N_("電話番号"),
    "what_for": N_("ご用件"),
    "done": N_("どう対応したか"),
    "callback": N_("折り返し"),
    "urgency": N_("緊急性"),
    "tone": N_("ご様子"),
    "callback_by": N_("いつまでに折り返すか"),
    "note": N_("メモ"),
}
"""The fields that every report has, in their usual order, with their usual labels."""

MANDATORY = frozenset({"who", "what_for", "done", "callback", "urgency", "tone", "callback_by"})
"""Who, what for, what was done, whether to call back and by when, how urgent, in which tone: no form may do without [C1]."""

STAYS = MANDATORY | {"number"}
"""What no form leaves out: nobody calls back without a number, but a caller may withhold it."""

MAY_BE_SECRET = frozenset({"kana", "number", "what_for", "done", "note"})
"""Built-in fields whose contents the subject does not tell."""

OWN = "x_"
"""How the key of a client's own field begins."""

HIDDEN = "（サインインしてご覧ください）"
"""What messages say in place of a field that is 秘密."""


class FormField(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One field of a form."""

    key: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,20}$")]
    """A key of `BUILT_IN`, or `x_…` for a field of the client's own."""
    label: Annotated[str, msgspec.Meta(max_length=LABEL_MAX)]
    hint: Annotated[str, msgspec.Meta(max_length=HINT_MAX)] = ""
    required: bool = False
    secret: bool = False
    """Read only after signing in: messages and their links do not carry it."""
    choices: tuple[Annotated[str, msgspec.Meta(min_length=1, max_length=LABEL_MAX)], ...] = ()
    """Of an own field: one of these, or any text when there are none."""

    @property
    def own(self) -> bool:
        """Whether the client added it."""
        return self.key.startswith(OWN)


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client's form. A report keeps the one that it was written on."""

    fields: tuple[FormField, ...]
    vague: tuple[Annotated[str, msgspec.Meta(min_length=2, max_length=30)], ...] = ()
    """Words that tell this client too little, beside the usual ones."""
    readback: bool = False
    """Whether the reading of a name and a number to call back are to be confirmed with the caller."""

    def field(self, key: str) -> FormField | None:
        """The field of this key; None when the form does without."""
        # No generator: asked for each line of each report.
        for one in self.fields:
            if one.key == key:
                return one
        return None

    def label(self, key: str) -> str:
        """How the form names a field; the usual name of one that it does without."""
        found = self.field(key)
        return found.label if found is not None else BUILT_IN.get(key, key)

    def is_secret(self, key: str) -> bool:
        found = self.field(key)
        return found is not None and found.secret

    def hides(self, label: str) -> bool:
        """Whether an answer of the script under this label is as secret as the client's own field of that name."""
        return any(one.secret and one.label == label for one in self.fields)

    @property
    def own(self) -> tuple[FormField, ...]:
        """The client's own fields, in order."""
        return tuple(one for one in self.fields if one.own)


DEFAULT_FORM = Form(
    tuple(FormField(key, label, required=key in MANDATORY) for key, label in BUILT_IN.items())
)
"""Of a client that has no form of its own, and of reports that are older than forms."""


def plain(form: Form) -> dict[str, Any]:
    """The form as a JSON column has it."""
    found: dict[str, Any] = msgspec.to_builtins(form)
    return found


def read(data: Mapping[str, Any] | None) -> Form:
    """The reverse of `plain`; the default form for nothing."""
    return _read(msgspec.json.encode(data)) if data else DEFAULT_FORM


@lru_cache(128)
def _read(data: bytes) -> Form:
    # Reports one after another are of few forms, and each copy of one takes longer to make than to compare.
    return msgspec.json.decode(data, type=Form)


def tidy_form(form: Form) -> Form:
    """Blanks around texts gone, what may not lack required, doubles among words and choices once."""
    return Form(
        tuple(
            FormField(
                one.key,
                " ".join(one.label.split()),
                " ".join(one.hint.split()),
                one.required or one.key in MANDATORY,
                one.secret,
                _words(one.choices) if one.own else (),
            )
            for one in form.fields
        ),
        _words(form.vague),
        form.readback,
    )


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    tidied = (" ".join(word.split()) for word in words)
    return tuple(dict.fromkeys(word for word in tidied if word))


def faults(form: Form) -> dict[str, Sentence]:
    """What keeps a tidy form from being used, by key of the field (`fields`: the form as a whole)."""
    found: dict[str, Sentence] = {}
    keys = [one.key for one in form.fields]
    gone = [label for key, label in BUILT_IN.items() if key in STAYS and key not in keys]
    if gone:
        found["fields"] = sentence(
            N_("「%(labels)s」は外せません。名前と順番は変えられます。"), labels="」「".join(gone)
        )
    elif len(set(keys)) < len(keys) or any(
        one.key not in BUILT_IN and not one.own for one in form.fields
    ):
        found["fields"] = sentence(N_("項目が重なっています。画面を読み込み直してください。"))
    elif len(form.own) > MOST_OWN:
        found["fields"] = sentence(N_("独自の項目は%(most)s個までです。"), most=str(MOST_OWN))
    labels: set[str] = set()
    for one in form.fields:
        if not one.label:
            found[one.key] = sentence(N_("項目の名前を入れてください。"))
        elif one.label in labels:
            found[one.key] = sentence(
                N_("「%(label)s」が二つあります。片方の名前を変えてください。"), label=one.label
            )
        elif one.secret and not one.own and one.key not in MAY_BE_SECRET:
            found[one.key] = sentence(
                N_("「%(label)s」は件名などに使うため、秘密にできません。"), label=one.label
            )
        elif len(one.choices) == 1 or len(one.choices) > CHOICES_MAX:
            found[one.key] = sentence(
                N_("選択肢は2つから%(most)s個までにしてください。"), most=str(CHOICES_MAX)
            )
        labels.add(one.label)
    return found
