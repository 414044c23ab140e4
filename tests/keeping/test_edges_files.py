"""A home is its owner's alone, whatever the caller's mask; a restore holds to the anchors that survived."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.backup_rows import kept
from tests.keeping.test_backup import refused

from jingwei.audit.heads import SigningKey
from jingwei.channels.demo import settle
from jingwei.home import open_home, wanted_at
from jingwei.keeping import restore as restoring
from jingwei.kernel.clock import ManualClock, parse_iso
from jingwei.stores.insight import Insight, insight_path

NOW = parse_iso("2026-11-02T04:00:00")


@pytest.fixture
def loose() -> Any:
    """A caller whose files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}


def test_nobody_else_reads_a_home_whatever_the_callers_mask(tmp_path: Path, loose: None) -> None:
    place = tmp_path / "home"
    place.mkdir(mode=0o777)
    home = open_home(place, ManualClock(NOW))
    settle(home)
    home.sign_head()
    Insight(insight_path(place)).close()
    assert home.insight is not None
    open_to_others = {name: oct(mode) for name, mode in modes(place).items() if mode & 0o077}
    home.close()
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert open_to_others.pop("keys/signing.pub") == "0o644", "a public key is public"
    assert open_to_others == {}, "each file is its owner's alone, also should somebody open the folder"
    assert {"bank.db"} <= set(modes(place))


def test_a_restore_holds_to_the_anchors_that_survived_and_not_to_their_length(tmp_path: Path) -> None:
    bank = kept()
    wanted = wanted_at(tmp_path / "same" / "home")
    source = next(bank.home.parent.rglob("*.anchors.jsonl"))
    wanted.anchors.path.parent.mkdir(parents=True)
    shutil.copyfile(source, wanted.anchors.path)
    done = restoring.restore(bank.backup, wanted)
    assert done.anchored_to == done.size

    other = wanted_at(tmp_path / "other" / "home")
    other.anchors.path.parent.mkdir(parents=True)
    shutil.copyfile(source, other.anchors.path)
    key = SigningKey.open(bank.home / "keys" / "signing.pem")
    half = done.size // 2
    other.anchors.append(key.sign("bank", half, bytes(32), NOW))
    refused(bank.backup, other, "not the one that was signed")
    assert not (tmp_path / "other" / "home").exists()


def test_heads_by_keys_nobody_knows_say_nothing_of_a_restore(tmp_path: Path) -> None:
    bank = kept()
    wanted = wanted_at(tmp_path / "home")
    wanted.anchors.path.parent.mkdir(parents=True, exist_ok=True)
    stranger = SigningKey.open(tmp_path / "stranger.pem")
    wanted.anchors.append(stranger.sign("bank", 50, bytes(32), NOW))
    assert restoring.restore(bank.backup, wanted).size == len(bank.leaves)
