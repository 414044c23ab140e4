"""The command line on who may sign in: people, roles, programs; mistakes name their fix, all is sealed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jingwei.home import open_home

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of its own."""
    open_home(tmp_path / "home").close()
    return tmp_path / "home"


def test_people_and_programs_are_let_in_and_out(jingwei: Run):
    code, out, _ = jingwei("people", "add", "rosa", "--role", "auditor", "--json")
    made = json.loads(out)
    assert code == 0 and made["actor"] == "staff:rosa" and made["link"].endswith("/enrol?login=rosa")
    for words, says in (
        (("people", "add", "rosa", "--role", "auditor"), "is there already"),
        (("people", "add", "tom", "--role", "owner"), "is no role"),
        (("people", "add", "tom"), "no role was given"),
        (("people", "add", "Tom Thumb", "--role", "child"), "is no login name"),
        (("people", "add", "tom", "--role", "child", "--actor", "system:core"), "nobody can sign in as"),
        (("people", "role", "nobody", "--role", "child"), "nobody signs in as"),
        (("clients", "add", "app", "--redirect", "http://shop.example/x"), "is no address to answer to"),
        (("clients", "add", "app", "--redirect", "https://a.example", "--scope", "all"), "is no scope"),
        (("clients", "disable", "nothing"), "there is no client"),
    ):
        code, out, err = jingwei(*words)
        assert code == 2 and says in err, (words, err)
    assert jingwei("people", "add", "tom", "--role", "child", "--actor", "customer:a b")[0] == 1
    assert jingwei("people", "role", "rosa", "--role", "compliance")[0] == 0
    assert jingwei("people", "disable", "rosa")[0] == jingwei("people", "enable", "rosa")[0] == 0
    assert json.loads(jingwei("people", "reset", "rosa", "--json")[1])["code"] != made["code"]
    people = json.loads(jingwei("people", "list", "--json")[1])["people"]
    (one,) = people
    assert (one["login"], one["roles"], one["state"]) == ("rosa", ["compliance"], "invited")
    assert jingwei("clients", "add", "shop", "--redirect", "https://shop.example/back", "--secret")[0] == 0
    assert jingwei("clients", "rotate")[0] == 0 and "shop" in jingwei("clients", "list")[1]
    assert jingwei("clients", "disable", "shop")[0] == 0
    assert "sound" in jingwei("audit", "verify")[1]
