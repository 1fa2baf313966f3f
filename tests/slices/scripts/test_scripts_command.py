"""`denwaban scripts`: lint with file and line, over files and over the database; export and import without loss."""

import asyncio
from pathlib import Path

import pytest

from denwaban import cli
from denwaban.cli import scripts as command
from denwaban.clock import MovedClock
from denwaban.config import Settings
from denwaban.lines import WEEKDAYS, Mode, PlanWindow, set_plan
from denwaban.people import add_client, add_staff, client_by_code, leave_staff
from denwaban.scripts import add_script, around_of, draft_of, parse, publish
from denwaban.scripts.bulk import script_named
from denwaban.scripts.library import library
from denwaban.scripts.plain import PLAIN
from denwaban.store import Store, Tx

EVASIVE = PLAIN.replace("かしこまりました。", "わかりかねます。")


def run(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The command as a person types it; its exit status."""
    monkeypatch.setattr("sys.argv", ["denwaban", *words])
    try:
        return cli.main()
    except SystemExit as end:
        return int(end.code or 0)


def test_a_file_is_told_with_its_line_and_errors_are_the_exit_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, broken = tmp_path / "good.toml", tmp_path / "bad.toml", tmp_path / "broken.toml"
    good.write_text(library()[0].text, "utf-8")
    bad.write_text(EVASIVE.replace('to = "end"', 'to = "nowhere"'), "utf-8")
    broken.write_text(PLAIN.replace('to = "matter"', 'too = "matter"'), "utf-8")
    assert run("scripts", "lint", str(good), monkeypatch=monkeypatch) == 0
    assert capsys.readouterr().out == ""
    assert run("scripts", "lint", str(bad), str(broken), monkeypatch=monkeypatch) == 1
    lines = capsys.readouterr().out.splitlines()
    wanted = next(n for n, line in enumerate(EVASIVE.splitlines(), 1) if "わかりかねます" in line)
    assert f"{bad}:{wanted}: warning evasive: " in "\n".join(lines)
    assert any(line.startswith(f"{bad}:{wanted + 2}: error no-such-node: ") for line in lines)
    assert any(line.startswith(f"{broken}:7: error text: 「too」") for line in lines)


def test_nothing_to_look_at_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("scripts", "lint", monkeypatch=monkeypatch) == 2
    assert "--all" in capsys.readouterr().err
    assert run("scripts", "lint", "/no/such.toml", monkeypatch=monkeypatch) == 1
    assert "読めません" in capsys.readouterr().err


def office(tx: Tx) -> None:
    """Two clients; one script names somebody who has left and promises nothing on holidays."""
    acme = add_client(tx, "acme", "アクメ", "あくめ", greeting="お電話ありがとうございます。")
    left = add_staff(tx, acme, "橋本 亮", "はしもと", "", in_charge=False)
    leave_staff(tx, left)
    text = PLAIN.replace("ありがとうございます。どの", "橋本亮が承ります。どの")
    script_id = add_script(tx, acme, "昼/受付", text, "はじめ")
    window = PlanWindow("平日", WEEKDAYS, 540, 1080, Mode.FULL, script_id)
    set_plan(tx, acme, [window])
    add_script(tx, add_client(tx, "beta", "ベータ"), "受付", EVASIVE, "はじめ")


async def test_every_script_of_an_installation_is_linted_among_its_own_people(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.write(office)
    settings = Settings(database_url=store.url)
    assert await command.lint_all(settings) == 1
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("acme/昼/受付:")
    assert "staff-left: 「ご用件」(matter) に、退職した方のお名前「橋本 亮」" in lines[0]
    assert "no-holiday-cover" in lines[1]
    assert lines[2].startswith("beta/受付:")
    assert "台本 2 本、エラー 1、警告 2" in told.err
    assert await command.lint_all(settings, "beta") == 0
    assert "台本 1 本、エラー 0、警告 1" in capsys.readouterr().err
    with pytest.raises(command.CannotDo, match="その符号の企業はありません"):
        await command.lint_all(settings, "gamma")


async def test_progress_is_told_and_no_script_is_left_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def many(tx: Tx) -> None:
        client_id = add_client(tx, "acme", "アクメ")
        for number in range(7):
            add_script(tx, client_id, f"台本{number}", PLAIN, "はじめ")

    await store.write(many)
    monkeypatch.setattr(command, "AT_ONCE", 3)
    seen: list[tuple[int, int]] = []
    told = await command.lint_database(store, lambda line: None, lambda *now: seen.append(now))
    assert (told.scripts, told.errors, told.warnings) == (7, 0, 0)
    assert seen == [(3, 7), (6, 7), (7, 7)]


async def test_what_is_exported_is_what_the_author_wrote_and_comes_back_as_a_draft(
    store: Store, tmp_path: Path
) -> None:
    await store.write(office)
    settings = Settings(database_url=store.url)
    assert await command.export(settings, tmp_path, None) == 2
    file = tmp_path / "acme" / "昼_受付.toml"
    assert "橋本亮が承ります" in file.read_text("utf-8")
    assert (tmp_path / "beta" / "受付.toml").read_text("utf-8") == EVASIVE
    file.write_text(file.read_text("utf-8").replace("橋本亮が", "担当が"), "utf-8")

    def draft(tx: Tx, name: str) -> str | None:
        owner = client_by_code(tx, "acme")
        assert owner is not None
        script_id = script_named(tx, owner.id, name)
        assert script_id is not None
        found = draft_of(tx, script_id)
        return found.text if found else None

    told = await command.take_in(settings, file, "acme", "昼/受付")
    assert "「昼/受付」の下書きにしました" in told
    assert "担当が承ります" in str(await store.read(lambda tx: draft(tx, "昼/受付")))
    assert "新しい台本「夜」" in await command.take_in(settings, file, "acme", "夜")
    assert await store.read(lambda tx: draft(tx, "夜")) == file.read_text("utf-8")


async def test_a_broken_file_is_not_taken_in(store: Store, tmp_path: Path) -> None:
    await store.write(office)
    file = tmp_path / "a.toml"
    file.write_text("[[nodes]", "utf-8")
    settings = Settings(database_url=store.url)
    with pytest.raises(command.CannotDo, match="1 行目"):
        await command.take_in(settings, file, "acme", None)
    file.write_text(PLAIN, "utf-8")
    with pytest.raises(command.CannotDo, match="その符号の企業はありません"):
        await command.take_in(settings, file, "gamma", None)


async def test_what_a_script_stands_among_is_the_client_as_it_is_now(
    store: Store, clock: MovedClock
) -> None:
    await store.write(office)

    def both(tx: Tx) -> None:
        owner = client_by_code(tx, "acme")
        assert owner is not None
        used = script_named(tx, owner.id, "昼/受付")
        unused = add_script(tx, owner.id, "予備", PLAIN, "はじめ")
        around = around_of(tx, owner.id, used)
        assert (around.present, around.left) == (frozenset(), frozenset({"橋本 亮"}))
        assert not around.holiday_cover
        assert around.greeting == "お電話ありがとうございます。"
        assert around.today is not None
        assert around.today.isoformat() == "2026-11-24"
        assert around_of(tx, owner.id, unused).holiday_cover
        assert not around_of(tx, owner.id).holiday_cover

    await store.write(both)


async def test_documents_from_before_the_head_still_read(store: Store) -> None:
    """What versions hold since the first release: no head, no examples, every default written out."""
    old = {
        "nodes": [
            {"kind": "say", "id": "a", "title": "a", "say": "はい。", "hint": "", "refuse": "", "urgency": "normal", "ask": [], "to": "end"},
            {"kind": "end", "id": "end", "title": "結び", "say": "では。", "hint": "", "refuse": "", "urgency": "normal", "ask": [], "done": ""},
        ]
    }  # fmt: skip

    def keep(tx: Tx) -> int:
        script_id = add_script(tx, add_client(tx, "acme", "アクメ"), "受付", old, "はじめ")
        return publish(tx, script_id, parse(PLAIN).script, "新しい版")

    assert await store.write(keep) == 2


async def test_the_commands_reach_the_database(
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await store.write(office)
    monkeypatch.setenv("DENWABAN_DATABASE_URL", store.url)
    monkeypatch.setenv("DENWABAN_HOME", str(tmp_path))

    async def typed(*words: str) -> int:
        # A command has an event loop of its own.
        return await asyncio.to_thread(run, "scripts", *words, monkeypatch=monkeypatch)

    assert await typed("lint", "--all") == 1
    assert await typed("lint", "--client", "beta") == 0
    assert await typed("export", str(tmp_path / "out"), "--client", "beta") == 0
    file = tmp_path / "out" / "beta" / "受付.toml"
    assert await typed("import", str(file), "--client", "acme") == 0
    assert "新しい台本「受付」" in capsys.readouterr().out
    assert await typed("import", str(file), "--client", "gamma") == 1
