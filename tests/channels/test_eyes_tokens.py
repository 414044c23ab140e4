"""A token taken out of the file opens nothing any more, and a file spoilt by hand shuts nobody out."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jingwei.channels import identity
from jingwei.channels.identity import Tokens
from jingwei.kernel.durable import write_whole


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the file at every request."""
    monkeypatch.setattr(identity, "LOOK_S", 0.0)


@pytest.mark.usefixtures("at_once")
def test_a_token_taken_out_of_the_file_opens_nothing(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.grant("customer:alice")
    kept, lost = (tokens.by_actor[actor].encode() for actor in ("staff:reviewer", "customer:alice"))
    assert tokens.caller(lost) is not None
    rest = {actor: token for actor, token in tokens.by_actor.items() if actor != "customer:alice"}
    write_whole(tokens.path, msgspec.json.encode(rest))
    assert tokens.caller(lost) is None, "nobody needs to try a wrong token first"
    assert tokens.caller(kept) is not None


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("spoilt", [b"{not json", b'["a"]', b'{"staff:teller": 5}'])
def test_a_spoilt_file_shuts_nobody_out(
    tmp_path: Path, spoilt: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    teller = tokens.by_actor["staff:teller"].encode()
    write_whole(tokens.path, spoilt)
    assert tokens.caller(b"jw_wrong") is None
    found = tokens.caller(teller)
    assert found is not None and found.actor == "staff:teller"
    assert len(caplog.records) == 1, "told once, not at every request"
    assert "tokens.json" in caplog.text


@pytest.mark.usefixtures("at_once")
def test_a_file_that_is_gone_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    teller = tokens.by_actor["staff:teller"].encode()
    tokens.path.unlink()
    assert tokens.caller(teller) is not None
    assert tokens.caller(b"jw_wrong") is None
    assert len(caplog.records) == 1
