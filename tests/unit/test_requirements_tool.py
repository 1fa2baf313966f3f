"""The tool behind `make requirements`: it must find every mark, and call out one that proves nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.requirement_marks import Proof, collect, main, read_requirements, render

ROOT = Path(__file__).resolve().parents[2]

DOCUMENT = """# 要件

## A 受電 (answering)

- **A1** 甲
  First.
- **A2** 乙
  Second.

## B 台本 (scripts)

- **B1** 丙
  Third.
"""


def tree(root: Path, test: str, name: str = "tests/unit/test_one.py") -> Path:
    """A small repository at `root`: DOCUMENT and one test file."""
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs/requirements.md").write_text(DOCUMENT, encoding="utf-8")
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("import pytest\n" + test, encoding="utf-8")
    return root


def named(root: Path) -> set[tuple[str, str]]:
    proofs, errors = collect(root)
    assert errors == []
    return {(proof.id, proof.test.split("::", 1)[1]) for proof in proofs}


def test_entries_keep_their_wording_and_group() -> None:
    found, errors = read_requirements(DOCUMENT)
    assert errors == []
    assert [one.id for one in found] == ["A1", "A2", "B1"]
    assert (found[2].group, found[2].japanese, found[2].english) == (
        "B 台本 (scripts)",
        "丙",
        "Third.",
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("**A2**", "**A1**", "line 7: A1 where A2 is due"),
        ("**A2**", "**A3**", "line 7: A3 where A2 is due"),
        ("**B1**", "**A3**", "line 12: A3 stands outside group A"),
        ("  Second.\n", "", "line 7: an entry reads"),
        ("**A1** 甲", "**A1**", "line 5: an entry reads"),
        ("  Third.\n", "", "line 12: an entry reads"),
        ("## B 台本", "## 台本", "line 10: a group reads"),
    ],
)
def test_a_malformed_document_is_told(old: str, new: str, said: str) -> None:
    _, errors = read_requirements(DOCUMENT.replace(old, new))
    assert errors[0].startswith(said)


def test_a_document_without_requirements_is_no_document() -> None:
    assert read_requirements("# 要件\n") == ([], ["no requirement found"])


def test_marks_are_found_on_functions_classes_and_pytestmark(tmp_path: Path) -> None:
    tree(
        tmp_path,
        """
pytestmark = [pytest.mark.engine, pytest.mark.req("B1")]

@pytest.mark.req("A1", "A2")
async def test_both() -> None: ...

@pytest.mark.req("A1")
class TestGroup:
    pytestmark = pytest.mark.req("A2")
    def test_inside(self) -> None: ...
    def helper(self) -> None: ...

@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.req("A2"))])
def test_one_case(n: int) -> None: ...
""",
    )
    assert named(tmp_path) == {
        ("A1", "test_both"),
        ("A2", "test_both"),
        ("B1", "test_both"),
        ("A1", "TestGroup::test_inside"),
        ("A2", "TestGroup::test_inside"),
        ("B1", "TestGroup::test_inside"),
        ("A2", "test_one_case"),
        ("B1", "test_one_case"),
    }


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('@pytest.mark.req("A1")\ndef helper() -> None: ...', 2),
        ('@pytest.mark.req("A1")\nclass Base:\n    def test_x(self) -> None: ...', 2),
        ('kept = pytest.mark.req("A1")', 2),
        ("@pytest.mark.req\ndef test_x() -> None: ...", 2),
        ("@pytest.mark.req()\ndef test_x() -> None: ...", 2),
        ("@pytest.mark.req(ID)\ndef test_x() -> None: ...", 2),
        ("def test_x(:", 2),
    ],
)
def test_a_mark_that_proves_nothing_is_an_error(tmp_path: Path, source: str, line: int) -> None:
    if "mark" not in source:
        source = source + "  # req"
    proofs, errors = collect(tree(tmp_path, source + "\n"))
    assert proofs == []
    assert len(errors) == 1
    assert errors[0].startswith(f"tests/unit/test_one.py:{line}: ")


def test_a_file_that_pytest_does_not_collect_proves_nothing(tmp_path: Path) -> None:
    source = '@pytest.mark.req("A1")\ndef test_x() -> None: ...\n'
    proofs, errors = collect(tree(tmp_path, source, "tests/helpers.py"))
    assert (proofs, len(errors)) == ([], 1)


def test_the_mistake_of_a_class_is_told_once(tmp_path: Path) -> None:
    source = (
        "@pytest.mark.req(ID)\nclass TestX:\n    def test_a(self): ...\n    def test_b(self): ...\n"
    )
    assert len(collect(tree(tmp_path, source))[1]) == 1


@pytest.mark.parametrize("mark", ["skip", 'skip(reason="later")', "xfail(strict=True)"])
def test_a_skipped_test_is_listed_but_proves_nothing(tmp_path: Path, mark: str) -> None:
    source = f'@pytest.mark.{mark}\n@pytest.mark.req("A1")\ndef test_x() -> None: ...\n'
    proofs, _ = collect(tree(tmp_path, source))
    text = render(read_requirements(DOCUMENT)[0], proofs)
    assert "test_x (skipped or expected to fail)" in text
    assert "証明済み 0 / 3" in text


def test_the_report_gives_tests_and_what_is_unproved() -> None:
    proof = Proof("A2", "tests/unit/test_one.py::test_x", 3, live=True)
    text = render(read_requirements(DOCUMENT)[0], [proof])
    assert text == (
        "A 受電 (answering)\n"
        "  A1  甲\n      First.\n      - 未証明 (unproved)\n"
        "  A2  乙\n      Second.\n      - tests/unit/test_one.py::test_x\n"
        "\n"
        "B 台本 (scripts)\n"
        "  B1  丙\n      Third.\n      - 未証明 (unproved)\n"
        "\n"
        "証明済み 1 / 3、未証明 2 (proved / unproved)\n"
        "  A 受電 (answering): 1 / 2\n      未証明: A1\n"
        "  B 台本 (scripts): 0 / 1\n      未証明: B1"
    )


def test_an_unknown_id_fails_and_check_prints_only_errors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = '@pytest.mark.req("A1", "Z9")\ndef test_x() -> None: ...\n'
    assert main(tree(tmp_path, test), ["--check"]) == 1
    assert capsys.readouterr().out == (
        "error: tests/unit/test_one.py::test_x (line 3): unknown requirement Z9\n"
    )
    assert main(tree(tmp_path, test), []) == 1
    assert "証明済み 1 / 3" in capsys.readouterr().out
    assert main(tree(tmp_path, test.replace(', "Z9"', "")), ["--check"]) == 0
    assert capsys.readouterr().out == ""


def test_the_project_s_own_requirements_are_well_formed() -> None:
    text = (ROOT / "docs/requirements.md").read_text(encoding="utf-8")
    found, errors = read_requirements(text)
    assert errors == []
    assert {one.id[0] for one in found} == set("ABCDEFGHIJKL")


def test_the_script_runs_from_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/requirements", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "--check" in done.stdout
