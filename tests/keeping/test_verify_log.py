"""The separate log check takes a true backup and no changed one, and shares no code with the bank."""

from __future__ import annotations

import ast
import json
import random
import shutil
from pathlib import Path

import pytest
from tests.keeping.backup_rows import kept

import verify_log
from jingwei.keeping.folder import digest_of, read_manifest, write_file, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept().backup, tmp_path / "b"))


def test_a_true_backup_is_sound(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_log.main([str(folder), "--key", str(kept().home / "keys" / "signing.pub")]) == 0
    said = capsys.readouterr().out
    assert f"{len(kept().leaves)} records, root {kept().root(len(kept().leaves))}" in said


def test_any_changed_bit_of_a_record_is_found(folder: Path) -> None:
    (path,) = (folder / "log").iterdir()
    content = path.read_bytes()
    for trial in range(20):
        draw = random.Random(trial)
        at = draw.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :])
        assert verify_log.main([str(folder)]) == 1


def forge(folder: Path, leaves: list[bytes]) -> None:
    """Rewrite records, root and manifest as somebody who holds the backup but not the key."""
    import msgspec

    from jingwei.audit.merkle import MerkleLog

    manifest = read_manifest(folder)
    (segment,) = manifest.segments
    entry = write_file(folder, segment.log.path, [leaf + b"\n" for leaf in leaves])
    log = MerkleLog()
    log.append_many(leaves)
    point = msgspec.structs.replace(manifest.points[-1], size=len(leaves), root=log.root().hex())
    shorter = msgspec.structs.replace(segment, end=len(leaves), log=entry)
    write_manifest(folder, msgspec.structs.replace(manifest, segments=[shorter], points=[point]))


def test_a_backup_written_anew_is_found_by_its_anchors(folder: Path) -> None:
    leaves = list(kept().leaves)
    forge(folder, [*leaves[:50], leaves[50].replace(b"1", b"2"), *leaves[51:]])
    assert verify_log.main([str(folder)]) == 1
    forge(folder, leaves[:-3])
    assert verify_log.main([str(folder)]) == 1
    (folder / "files" / "anchors.jsonl").unlink()
    assert verify_log.main([str(folder)]) == 0, "without the anchors nothing shows it"
    elsewhere = kept().folder / "home-anchors" / "bank.anchors.jsonl"
    assert verify_log.main([str(folder), "--anchors", str(elsewhere)]) == 1


def test_an_edited_anchor_is_found(folder: Path) -> None:
    path = folder / "files" / "anchors.jsonl"
    first, *rest = path.read_bytes().splitlines()
    changed = json.dumps(json.loads(first) | {"size": 7}).encode()
    path.write_bytes(b"\n".join([changed, *rest]))
    assert verify_log.main([str(folder)]) == 1


def test_it_shares_no_code_with_the_bank() -> None:
    tree = ast.parse(Path(verify_log.__file__).read_text("utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
    assert not [name for name in names if name.startswith("jingwei")]
    assert digest_of(read_manifest(kept().backup)) == read_manifest(kept().backup).sha256
