"""The insight shelf goes into the backup and comes back as it was sealed, or the restore says why not."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from tests.channels.sources.conftest import CARDS, quiet

from jingwei.audit.anchors import AnchorFile
from jingwei.channels.cli import app
from jingwei.channels.demo import settle
from jingwei.channels.sources.at_home import at_hand, import_at_home
from jingwei.channels.sources.demo import REGISTER, _crm, _csv
from jingwei.channels.sources.shipped import mappings_named
from jingwei.channels.sources.who import resolve_at_home
from jingwei.domains.insight.mapping import read_mapping
from jingwei.home import open_home, source_of, wanted_at
from jingwei.keeping.backup import back_up
from jingwei.keeping.folder import BackupError, read_manifest, write_file, write_manifest
from jingwei.keeping.restore import restore
from jingwei.keeping.verifying_shelf import verify_shelf
from jingwei.stores.insight import insight_path

ROWS = "who,when,amount,what\n" + "".join(
    f"{who},2026-03-{day:02d}T08:00:00,{day}.30,groceries\n"
    for who in ("alice", "bob")
    for day in range(1, 20)
)
LESS = "UPDATE happenings SET amount_minor = amount_minor - 1 WHERE id = 3"


class Told:
    """A bank with a shelf, backed up; what its shelf told before."""

    def __init__(self, folder):
        self.folder, self.backup = folder, folder / "backup"
        self.home = open_home(folder / "home")
        assert settle(self.home) == []
        self.hand, self.shelf = at_hand(self.home), self.home.insight
        self.bring(read_mapping(CARDS), "cards.csv", ROWS)
        self.size = self.home.store.size()
        (named,) = [one for one in mappings_named("demo") if one.name == "demo/register"]
        _csv(folder / "register.csv", "customer,name,born,certificate,phone,email,address,device", REGISTER)
        self.bring(named.mapping, "register.csv")
        (named,) = [one for one in mappings_named("demo") if one.name == "demo/crm"]
        _crm(folder / "crm.jsonl", self.home.clock.now())
        self.bring(named.mapping, "crm.jsonl")
        resolve_at_home(self.hand, self.shelf, quiet)
        self.timeline = self.shelf.timeline("alice", limit=500)
        self.linked = self.shelf.people.profiles(linked=True)
        self.made = back_up(source_of(self.home.path, "", "test"), self.backup, 1)

    def bring(self, mapping, name, text=None):
        path = self.folder / name
        if text is not None:
            path.write_text(text)
        assert import_at_home(self.hand, self.shelf, mapping, str(path), resume=False, tell=quiet).sealed

    def again(self, new, size=None, backup=None):
        wanted = wanted_at(new, "", size, None)._replace(anchors=AnchorFile(new.parent / "none", "bank"))
        return restore(backup or self.backup, wanted)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    one = Told(tmp_path_factory.mktemp("shelf"))
    yield one
    one.home.close()


def test_the_shelf_comes_back_with_its_rows_sums_links_and_seals(told, tmp_path):
    done = told.again(tmp_path / "new")
    assert told.made.shelf is not None
    assert done.shelf.sums == told.made.shelf and done.shelf.unsealed == 0
    assert done.shelf.sums.rows["imports"] == 3 and done.shelf.sums.amounts_minor["CNY"] < 0
    home = open_home(tmp_path / "new")
    assert home.insight.timeline("alice", limit=500) == told.timeline
    assert home.insight.people.profiles(linked=True) == told.linked
    verified = verify_shelf(home.insight, home.store, quiet)
    assert verified.whole and verified.imports == 3
    home.close()


def test_at_an_earlier_record_later_links_are_off_and_later_imports_wait_to_be_sealed(told, tmp_path):
    done = told.again(tmp_path / "new", told.size)
    assert done.shelf.unsealed == 2
    home = open_home(tmp_path / "new")
    linked = {stands.source for stands in home.insight.people.profiles(linked=True)}
    before = {stands.source for stands in told.linked}
    assert len(before - linked) == 1 and linked < before
    assert verify_shelf(home.insight, home.store, quiet).unsealed == 2
    home.close()


def planted(told, tmp_path, change, sums_too):
    """The backup with a changed shelf, its manifest made to fit; `sums_too`: its sums as well."""
    from jingwei.keeping.shelf_copy import NAME, sums_of

    folder = tmp_path / "planted"
    shutil.copytree(told.backup, folder)
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as db:
        db.execute(change)
    manifest = read_manifest(folder)
    entry = write_file(folder, NAME, [(folder / NAME).read_bytes()])
    files = [entry if one.path == NAME else one for one in manifest.files]
    sums = sums_of(folder / NAME) if sums_too else manifest.shelf
    from msgspec.structs import replace

    write_manifest(folder, replace(manifest, files=files, shelf=sums))
    return folder


@pytest.mark.parametrize(
    ("change", "sums_too", "says"),
    [
        (LESS, False, "sums"),
        ("DELETE FROM rejected WHERE rowid = 1", False, "rows"),
        (LESS, True, "happenings are not those"),
        ("UPDATE profiles SET phone = '1' WHERE id = 1", True, "profiles are not those"),
        ("UPDATE happenings SET category = 'x' WHERE id = 3", False, "happenings are not those"),
    ],
)
def test_a_shelf_that_was_changed_in_the_backup_is_not_restored(told, tmp_path, change, sums_too, says):
    folder = planted(told, tmp_path, change, sums_too)
    with pytest.raises(BackupError, match=says):
        told.again(tmp_path / "new", backup=folder)
    assert not (tmp_path / "new").exists()


def test_a_second_backup_follows_the_shelf_and_the_commands_tell_of_it(told, tmp_path, capsys):
    shutil.copytree(told.backup, tmp_path / "b")
    app(["--home", str(told.home.path), "backup", str(tmp_path / "b"), "--json"], standalone_mode=False)
    made = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert made["shelf"]["rows"]["imports"] == 3
    app(["restore", str(tmp_path / "b"), "--home", str(tmp_path / "new")], standalone_mode=False)
    out = capsys.readouterr().out
    assert "insight shelf: 3 imports" in out and "as sealed" in out
    assert insight_path(tmp_path / "new").exists()


def test_a_bank_without_a_shelf_is_backed_up_as_before(tmp_path):
    home = open_home(tmp_path / "home")
    made = back_up(source_of(home.path, "", "test"), tmp_path / "b", 1)
    home.close()
    assert made.shelf is None
    assert b'"shelf"' not in (tmp_path / "b" / "manifest.json").read_bytes()
    assert restore(tmp_path / "b", wanted_at(tmp_path / "new", "", None, None)).shelf is None
