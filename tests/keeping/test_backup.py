"""Backup and restore: the rows of the plan in short, and what the two commands say and refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.backup_rows import ROWS, differs, kept
from tests.keeping.small_bank import database
from tests.soak.row import Row

from jingwei.channels.cli import app
from jingwei.home import open_home, verify_home, wanted_at
from jingwei.keeping import restore as restoring
from jingwei.keeping.folder import BackupError, read_manifest
from jingwei.stores.local_postgres import find_programs
from jingwei.stores.store import StoreError

SHORT = {"R14 restore sqlite": 2, "R14 restore postgres": 1, "R14 damage": 8, "R14 kill": 2, "R14 serving": 1}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_restored_bank_is_the_one_backed_up_and_the_planted_error_is_caught(row: Row) -> None:
    tally = row.run(3, SHORT[row.id])
    assert (tally.bad, tally.trials) == ((), SHORT[row.id])
    assert row.control(3), row.control_says


def run(*words: object, capsys: Any) -> tuple[int, str]:
    """Exit code and output of a command."""
    try:
        app([str(word) for word in words], standalone_mode=False)
    except SystemExit as ended:
        return int(ended.code or 0), capsys.readouterr().out
    except Exception as error:
        if type(error).__name__ == "Exit":
            return error.exit_code, capsys.readouterr().out  # type: ignore[attr-defined]
        raise
    return 0, capsys.readouterr().out


def test_the_two_commands(tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bank, new = kept(), tmp_path / "new"
    code, out = run("--home", bank.home, "backup", tmp_path / "b", "--json", capsys=capsys)
    made = json.loads(out.splitlines()[-1])
    assert code == 0 and made["records"] == made["new_records"] == len(bank.leaves)
    code, out = run("restore", tmp_path / "b", "--home", new, "--json", capsys=capsys)
    done = json.loads(out.splitlines()[-1])
    assert code == 0 and done["sums"] == done["expected"] == made["sums"] and done["root"] == made["root"]
    assert done["size"] == done["loaded"] and done["heads"] and not done["keys"]
    assert not (new / "keys" / "signing.pem").exists() and not (new / "tokens.json").exists()
    assert verify_home(new).sound, "the heads of the old key are still believed"
    open_home(new).close()
    report = verify_home(new)
    assert report.sound and report.log.heads_checked > done["heads"]
    code, out = run("--home", bank.home, "backup", tmp_path / "b", capsys=capsys)
    assert code == 0 and "0 new" in out and "--with-keys" in out


def test_a_point_in_time_is_a_number_of_records_or_a_moment(tmp_path: Path, capsys: Any) -> None:
    bank = kept()
    code, out = run("restore", bank.backup, "--home", tmp_path / "n", "--size", 77, "--json", capsys=capsys)
    assert code == 0 and json.loads(out)["redone"] == 77 and differs(tmp_path / "n", "", 77) == ""
    day = "2026-11-04"
    code, out = run("restore", bank.backup, "--home", tmp_path / "t", "--at", day, "--json", capsys=capsys)
    size = json.loads(out)["size"]
    assert code == 0 and 0 < size < len(bank.leaves) and differs(tmp_path / "t", "", size) == ""


def refused(folder: Path, wanted: Any, match: str, error: type[Exception] = BackupError) -> None:
    with pytest.raises(error, match=match):
        restoring.restore(folder, wanted)


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    bank = kept()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    refused(bank.backup, wanted_at(tmp_path / "taken"), "holds something already")
    refused(tmp_path / "taken", wanted_at(tmp_path / "new"), "holds no backup")
    refused(bank.backup, wanted_at(tmp_path / "new", size=10**6), "the backup holds")
    from jingwei.home import source_of
    from jingwei.keeping.backup import back_up

    with pytest.raises(BackupError, match="holds other things"):
        back_up(source_of(bank.home, "", "t"), tmp_path / "taken", 1)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_backup_of_another_bank_is_not_mixed_in(tmp_path: Path) -> None:
    from tests.keeping.small_bank import small_bank

    from jingwei.home import source_of
    from jingwei.keeping.backup import back_up

    shutil.copytree(kept().backup, tmp_path / "b")
    before = read_manifest(tmp_path / "b")
    with pytest.raises(BackupError, match="not the beginning of this bank's log"):
        back_up(source_of(small_bank(), "", "t"), tmp_path / "b", 1)
    assert read_manifest(tmp_path / "b") == before


@pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")
def test_an_interrupted_restore_into_postgresql_does_not_open_and_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank, url = kept(), database("halfway")

    class Died(BaseException):
        """As if the machine had stopped there."""

    def dies(*_: object) -> None:
        raise Died

    with monkeypatch.context() as broken:
        broken.setattr(restoring, "_checked", dies)
        with pytest.raises(Died):
            restoring.restore(bank.backup, wanted_at(tmp_path / "new", url))
    assert not (tmp_path / "new").exists()
    with pytest.raises(StoreError, match="being restored"):
        open_home(tmp_path / "other", store_url=url)
    restoring.restore(bank.backup, wanted_at(tmp_path / "new", url))
    assert differs(tmp_path / "new", url, len(bank.leaves)) == ""
    refused(bank.backup, wanted_at(tmp_path / "third", url), "in the database already")
