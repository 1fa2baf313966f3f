"""The tool behind the English catalogue: a text has one English, in one place."""

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "translations"


@pytest.fixture
def tool(tmp_path: Path) -> ModuleType:
    """The tool, over two slices: `lines` says 番号 and 保存, `people` says 氏名 and 保存."""
    spec = importlib.util.spec_from_loader("translations", SourceFileLoader("translations", str(SCRIPT)))  # fmt: skip
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, text in (("lines", "番号"), ("people", "氏名")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pages.py").write_text(f'_("{text}"), _("保存")\n', encoding="utf-8")
    module.SOURCE, module.CATALOGUES = tmp_path, tmp_path / "locale"  # type: ignore[attr-defined]
    return module


def translate(tool: ModuleType, **catalogues: dict[str, str]) -> None:
    """Writes catalogues as a person would."""
    tool.CATALOGUES.mkdir(exist_ok=True)
    for name, texts in catalogues.items():
        lines = [f'msgid "{text}"\nmsgstr "{english}"\n' for text, english in texts.items()]
        (tool.CATALOGUES / f"{name}.po").write_text("\n".join(lines), encoding="utf-8")


def test_a_text_of_two_slices_lives_in_the_shared_catalogue(tool: ModuleType) -> None:
    wrong = tool.update()
    assert [line.split(": ", 1)[1] for line in wrong] == [
        "no English for '保存'",
        "no English for '氏名'",
        "no English for '番号'",
    ]
    assert tool.written() == {"lines": {"番号": ""}, "people": {"氏名": ""}, "shared": {"保存": ""}}
    translate(tool, lines={"番号": "Number"}, people={"氏名": "Name"}, shared={"保存": "Save"})
    assert tool.update() == tool.problems() == []

    # Another slice says one too: its English moves, and is not asked for again.
    (tool.SOURCE / "people" / "acts.py").write_text('_("番号")\n', encoding="utf-8")
    assert tool.problems() == [
        "lines.po: not its text (any more): '番号'",
        "shared.po: lacks '番号'",
    ]
    assert tool.update() == []
    assert tool.written() == {
        "people": {"氏名": "Name"},
        "shared": {"保存": "Save", "番号": "Number"},
    }


def test_a_second_english_is_told_and_nothing_is_written_over(tool: ModuleType) -> None:
    catalogues = {
        "lines": {"番号": "Number", "保存": "Save"},
        "people": {"氏名": "Name", "保存": "Keep"},
    }
    translate(tool, **catalogues)
    told = "lines.po ('Save') and people.po ('Keep') differ about '保存'"
    assert told in tool.problems()
    assert tool.update() == [told]
    assert tool.written() == catalogues


def test_placeholders_must_be_the_same(tool: ModuleType) -> None:
    (tool.SOURCE / "lines" / "pages.py").write_text(
        '_("%(count)s件"), _("保存")\n', encoding="utf-8"
    )
    translate(tool, lines={"%(count)s件": "%(cuont)s"}, people={"氏名": "Name"}, shared={"保存": "Save"})  # fmt: skip
    assert tool.problems() == ["lines/pages.py:1: placeholders differ in '%(cuont)s'"]
