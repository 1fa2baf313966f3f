"""Which tests prove which requirement: docs/requirements.md against the `req` marks in tests/.

Tests are parsed, never imported. A mark counts on a test function, on a test class, or in `pytestmark`
of either a class or a module; a mark anywhere else is an error, as pytest would not apply it to a test.
A test marked `skip` or `xfail` is listed but proves nothing. Whether a test passes is for pytest to say.
"""

import argparse
import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_GROUP = re.compile(r"## ([A-Z]) (\S.*)")
_ENTRY = re.compile(r"- \*\*([A-Z])([1-9][0-9]*)\*\* (\S.*)")
_ENGLISH = re.compile(r"  (\S.*)")


@dataclass(frozen=True)
class Requirement:
    """One requirement: its id (such as C3), its group's title, and its wording in both languages."""

    id: str
    group: str
    japanese: str
    english: str


@dataclass(frozen=True)
class Proof:
    """A test that names a requirement. `live` is False when the test is skipped or expected to fail."""

    id: str
    test: str
    line: int
    live: bool


def read_requirements(text: str) -> tuple[list[Requirement], list[str]]:
    """The requirements in `text`, in its order, and what is malformed, as `line N: …`.

    Malformed: an entry that does not parse, has no English line, stands outside its letter's group,
    or breaks the run 1, 2, 3 … of its group (a repeated or lost id).
    """
    found: list[Requirement] = []
    errors: list[str] = []
    letter, title, last = "", "", 0
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if line.startswith("## "):
            heading = _GROUP.fullmatch(line)
            if heading is None:
                errors.append(f"line {number}: a group reads `## A title`")
                continue
            letter, title, last = heading[1], line.removeprefix("## "), 0
        elif line.startswith("- **"):
            entry = _ENTRY.fullmatch(line)
            english = _ENGLISH.fullmatch(lines[number]) if number < len(lines) else None
            if entry is None or english is None:
                errors.append(f"line {number}: an entry reads `- **A1** 日本語`, then `  English`")
                continue
            identifier = entry[1] + entry[2]
            if entry[1] != letter:
                errors.append(f"line {number}: {identifier} stands outside group {entry[1]}")
            elif int(entry[2]) != last + 1:
                errors.append(f"line {number}: {identifier} where {letter}{last + 1} is due")
            last = int(entry[2])
            found.append(Requirement(identifier, title, entry[3], english[1]))
    if not found:
        errors.append("no requirement found")
    return found, errors


def _is_mark(node: ast.AST, names: set[str]) -> bool:
    """Whether `node` is `pytest.mark.NAME` or `mark.NAME`."""
    if not isinstance(node, ast.Attribute) or node.attr not in names:
        return False
    owner = node.value
    return (isinstance(owner, ast.Attribute) and owner.attr == "mark") or (
        isinstance(owner, ast.Name) and owner.id == "mark"
    )


class _Module:
    """The marks of one test file."""

    def __init__(self, tree: ast.Module, path: str, collected: bool) -> None:
        self.path = path
        self.proofs: list[Proof] = []
        self.errors: list[str] = []
        self._applied: set[ast.AST] = set()
        if collected:
            self._body(tree.body, "", [])
        for node in ast.walk(tree):
            if _is_mark(node, {"req"}) and node not in self._applied:
                self._error(node, "a req mark that pytest applies to no test")

    def _error(self, node: ast.AST, what: str) -> None:
        line = node.lineno if isinstance(node, ast.expr) else 0
        self.errors.append(f"{self.path}:{line}: {what}")

    def _body(self, body: list[ast.stmt], prefix: str, inherited: list[ast.expr]) -> None:
        marks = [*inherited, *(mark for node in body for mark in _pytestmark(node))]
        for node in body:
            if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
                self._body(node.body, f"{prefix}::{node.name}", [*marks, *node.decorator_list])
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
                "test"
            ):
                self._test(node, f"{prefix}::{node.name}", [*marks, *node.decorator_list])

    def _test(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, marks: list[ast.expr]
    ) -> None:
        live = not any(
            _is_mark(mark.func if isinstance(mark, ast.Call) else mark, {"skip", "xfail"})
            for mark in marks
        )
        named: list[str] = []
        for mark in marks:
            for part in ast.walk(mark):
                if isinstance(part, ast.Call) and _is_mark(part.func, {"req"}):
                    first_seen = part.func not in self._applied
                    self._applied.add(part.func)
                    named += self._ids(part, first_seen)
        self.proofs += [
            Proof(one, f"{self.path}{name}", node.lineno, live) for one in dict.fromkeys(named)
        ]

    def _ids(self, call: ast.Call, first_seen: bool) -> list[str]:
        values = [one.value if isinstance(one, ast.Constant) else None for one in call.args]
        ids = [value for value in values if isinstance(value, str)]
        # A mark on a class reaches every test in it, yet its mistake is told once.
        if first_seen and (not ids or len(ids) < len(values) or call.keywords):
            self._error(call, 'req takes ids as plain strings: req("C3", "D1")')
        return ids


def _pytestmark(node: ast.stmt) -> Iterator[ast.expr]:
    """The marks of a `pytestmark = …` statement; nothing for any other statement."""
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return
    if node.value is None:
        return
    if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
        value = node.value
        yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def collect(root: Path) -> tuple[list[Proof], list[str]]:
    """Every proof named under `root`/tests, in the order of path and line, and what is wrong there.

    Only files that pytest collects (`test_*.py`, `*_test.py`) hold tests.
    """
    proofs: list[Proof] = []
    errors: list[str] = []
    for file in sorted((root / "tests").rglob("*.py")):
        path = file.relative_to(root).as_posix()
        collected = file.name.startswith("test_") or file.name.endswith("_test.py")
        source = file.read_bytes()
        if b"req" not in source:
            continue
        try:
            tree = ast.parse(source, filename=path)
        except SyntaxError as wrong:
            errors.append(f"{path}:{wrong.lineno}: does not parse: {wrong.msg}")
            continue
        module = _Module(tree, path, collected)
        proofs += module.proofs
        errors += module.errors
    return proofs, errors


def render(requirements: Sequence[Requirement], proofs: Sequence[Proof]) -> str:
    """Each requirement with its wording and tests, then the counts and the unproved ids by group."""
    by_id: dict[str, list[Proof]] = {}
    for proof in proofs:
        by_id.setdefault(proof.id, []).append(proof)
    unproved: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    lines: list[str] = []
    for one in requirements:
        if one.group not in counts:
            lines += ["", one.group]
        counts[one.group] = counts.get(one.group, 0) + 1
        tests = by_id.get(one.id, [])
        if not any(proof.live for proof in tests):
            unproved.setdefault(one.group, []).append(one.id)
        lines += [f"  {one.id}  {one.japanese}", f"      {one.english}"]
        lines += [
            f"      - {proof.test}{'' if proof.live else ' (skipped or expected to fail)'}"
            for proof in tests
        ]
        if not tests:
            lines.append("      - 未証明 (unproved)")
    missing = sum(map(len, unproved.values()))
    total = len(requirements)
    lines += ["", f"証明済み {total - missing} / {total}、未証明 {missing} (proved / unproved)"]
    for group, count in counts.items():
        left = unproved.get(group, [])
        lines.append(f"  {group}: {count - len(left)} / {count}")
        if left:
            lines.append(f"      未証明: {' '.join(left)}")
    return "\n".join(lines).lstrip("\n")


def main(root: Path, arguments: Sequence[str] | None = None) -> int:
    """Print the report and the errors; with `--check` the errors alone.

    Returns 1 when a test names an unknown id, a mark is misplaced or malformed, or the document is
    malformed; else 0. An unproved requirement is no error.
    """
    parser = argparse.ArgumentParser(prog="requirements", description=__doc__)
    parser.add_argument("--check", action="store_true", help="print only errors")
    options = parser.parse_args(arguments)
    document = root / "docs" / "requirements.md"
    requirements, malformed = read_requirements(document.read_text(encoding="utf-8"))
    proofs, misplaced = collect(root)
    known = {one.id for one in requirements}
    errors = [f"docs/requirements.md: {what}" for what in malformed] + misplaced
    errors += [
        f"{proof.test} (line {proof.line}): unknown requirement {proof.id}"
        for proof in proofs
        if proof.id not in known
    ]
    if not options.check:
        print(render(requirements, proofs))
    for error in errors:
        print(f"error: {error}")
    return 1 if errors else 0
