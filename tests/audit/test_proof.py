"""Proofs, heads and anchors: the separate verifier takes the true ones and nothing that was touched."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jingwei.audit.anchors import AnchorFile
from jingwei.audit.heads import KeyFileError, SignedHead, SigningKey, canonical, read_public, signed_by
from jingwei.audit.merkle import MerkleLog, StoredTiles, TreeError
from jingwei.audit.paths import Tree
from jingwei.audit.proof import ProofError, build_proof

PROGRAM = Path(__file__).parents[2] / "tools" / "verify_proof.py"
_spec = importlib.util.spec_from_file_location("verify_proof", PROGRAM)
verifier = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verifier)

RECORDS = [f'{{"id":"D{i:011d}","says":"付款 {i} – \\u0007 paid"}}'.encode() for i in range(700)]


@pytest.fixture(scope="module")
def key(tmp_path_factory) -> SigningKey:
    return SigningKey.open(tmp_path_factory.mktemp("keys") / "signing.pem")


def tree_of(records: list[bytes]) -> Tree:
    log = MerkleLog()
    tiles = {(tile.level, tile.idx): tile.body for tile in log.append_many(records)}
    return Tree(len(records), StoredTiles(lambda *place: tiles.get(place), lambda a, b: records[a:b]))


@pytest.fixture(scope="module")
def proof(key) -> bytes:
    """A proof of record 333 with an anchor at 300."""
    tree = tree_of(RECORDS)
    head = key.sign("jingwei", 700, tree.root(), 1_700_000_000_000_000)
    anchor = key.sign("jingwei", 300, tree.root(300), 1_600_000_000_000_000)
    return build_proof(tree, 333, RECORDS[333], head, key.public, anchor)


@pytest.fixture
def outcome(tmp_path, capsys):
    """Run the verifier on bytes: its exit code and what it printed."""

    def run(raw: bytes, *more: str) -> tuple[int, str]:
        file = tmp_path / "p.json"
        file.write_bytes(raw)
        return verifier.main([str(file), *more]), capsys.readouterr().out

    return run


def rejected(raw: bytes) -> bool:
    """Whether the verifier rejects these bytes, cleanly."""
    try:
        verifier.check(verifier.parse(raw), None)
    except verifier.Rejected:
        return True
    return False


def test_a_true_proof_is_verified_by_the_program_alone(proof, key, tmp_path):
    (tmp_path / "p.json").write_bytes(proof)
    (tmp_path / "bank.pub").write_bytes(key.public_pem())
    bare = {"PATH": os.environ["PATH"]}
    for more in ([], ["--key", "bank.pub"]):
        done = subprocess.run(
            [sys.executable, PROGRAM, "p.json", *more],
            cwd=tmp_path,
            env=bare,
            capture_output=True,
            check=False,
        )
        text = done.stdout.decode()
        assert (done.returncode, done.stderr) == (0, b""), text
        assert "verified / 已验证" in text and "record 333 of 700" in text and "anchored at 300" in text
        assert ("warning" in text) == (not more)


def test_the_program_imports_nothing_of_ours():
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print([m for m in sys.modules if 'jingwei' in m])"
    run = [sys.executable, "-c", code, PROGRAM]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_record_of_every_size_proves(key):
    for size in (1, 2, 3, 255, 256, 257, 700):
        tree = tree_of(RECORDS[:size])
        head = key.sign("jingwei", size, tree.root(), 5)
        for index in {0, size // 2, size - 1}:
            for anchored in (None, 0, 1, size // 2, size):
                anchor = None if anchored is None else key.sign("jingwei", anchored, tree.root(anchored), 4)
                raw = build_proof(tree, index, RECORDS[index], head, key.public, anchor)
                assert not rejected(raw) and not rejected(raw.rstrip(b"\n"))


def test_any_one_changed_byte_anywhere_is_rejected(proof):
    chance = random.Random(3)
    for at in range(len(proof)):
        for wrong in {proof[at] ^ 1, proof[at] ^ 0x20, proof[at] ^ 0x80, chance.randrange(256)} - {proof[at]}:
            changed = proof[:at] + bytes([wrong]) + proof[at + 1 :]
            assert rejected(changed), (at, changed[max(0, at - 20) : at + 20])


def test_any_one_byte_removed_or_added_is_rejected(proof):
    for at in range(len(proof) - 1):
        assert rejected(proof[:at] + proof[at + 1 :])
        assert rejected(proof[:at] + b"0" + proof[at:])


def test_another_spelling_of_the_same_is_rejected(proof):
    fields = json.loads(proof)
    spellings = [
        json.dumps(fields, sort_keys=True, separators=(",", ":")).encode(),
        json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=False).encode(),
        json.dumps(dict(reversed(fields.items())), separators=(",", ":"), ensure_ascii=False).encode(),
        proof + b"\n",
        b" " + proof,
        proof.replace(b"{", b'{"index":333,', 1),
        proof.replace(b'"index":333', b'"index":333.0'),
        proof.replace("付".encode(), b"\\u4ed8", 1),
    ]
    assert all(json.loads(spelling) == fields and rejected(spelling) for spelling in spellings)


def test_true_is_not_the_number_one(key):
    tree = tree_of(RECORDS[:2])
    raw = build_proof(tree, 1, RECORDS[1], key.sign("jingwei", 2, tree.root(), 5), key.public)
    assert not rejected(raw) and rejected(raw.replace(b'"index":1', b'"index":true'))


def test_an_anchor_of_another_log_is_rejected(proof, key):
    fields = json.loads(proof)
    head = fields["anchor"]["head"]
    foreign = key.sign("otherbank", head["size"], bytes.fromhex(head["root"]), head["at"])
    fields["anchor"]["head"] |= {"log": foreign.log, "signature": foreign.signature}
    assert rejected(canonical(fields) + b"\n")


def _edit(fields: dict, *path: str | int):
    *way, last = path
    for step in way:
        fields = fields[step]
    return fields, last


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("record",), "another record"),
        (("index",), 334),
        (("index",), True),
        (("index",), -1),
        (("index",), 700),
        (("path", 0), "00" * 32),
        (("path",), []),
        (("path",), ["00" * 32] * 65),
        (("head", "size"), 701),
        (("head", "size"), 10**30),
        (("head", "at"), 0),
        (("head", "log"), "otherbank"),
        (("head", "log"), "\x1b[2Jverified"),
        (("head", "root"), "00" * 32),
        (("head", "type"), "jingwei signed head v2"),
        (("anchor", "head", "size"), 301),
        (("anchor", "path", 1), "00" * 32),
        (("anchor", "path"), []),
        (("anchor",), None),
        (("anchor", "head"), []),
        (("type",), "jingwei proof v2"),
        (("public_key",), "00" * 32),
        (("public_key",), 7),
        (("extra",), 1),
        (("head",), "x"),
        (("record",), ["x"]),
    ],
)
def test_a_respelled_change_is_rejected(proof, outcome, path, value):
    fields = json.loads(proof)
    place, last = _edit(fields, *path)
    place[last] = value
    code, text = outcome(canonical(fields) + b"\n")
    assert code == 1 and text.startswith("rejected / 未通过: ") and "\x1b" not in text


def test_another_key_signs_in_vain_when_the_key_is_pinned(proof, outcome, key, tmp_path):
    thief = SigningKey.open(tmp_path / "thief.pem")
    forged = [b"forged"]
    tree = tree_of(forged)
    raw = build_proof(tree, 0, forged[0], thief.sign("jingwei", 1, tree.root(), 5), thief.public)
    code, text = outcome(raw)
    assert code == 0 and "warning" in text
    (tmp_path / "bank.pub").write_bytes(key.public_pem())
    (tmp_path / "bank.hex").write_text(key.public.hex() + "\n")
    for pinned in ("bank.pub", "bank.hex"):
        assert outcome(raw, "--key", str(tmp_path / pinned))[0] == 1
        assert outcome(proof, "--key", str(tmp_path / pinned))[0] == 0
    (tmp_path / "not.pub").write_bytes(b"-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----\n")
    assert "is not a public key" in outcome(proof, "--key", str(tmp_path / "not.pub"))[1]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b"null",
        b"NaN",
        b'{"a":1e999}',
        b'{"a":1,"a":1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 100_000,
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'"\\ud800"',
        b'{"record":"\\ud800"}',
        b"x" * (5 * 1024 * 1024),
        b"PK\x03\x04",
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_garbage_is_rejected_in_one_line(raw, outcome):
    code, text = outcome(raw)
    assert code == 1 and text.startswith("rejected / 未通过: ") and text.count("\n") == 1


def test_no_file_is_rejected_in_one_line(tmp_path, capsys):
    for path in (tmp_path / "none.json", tmp_path):
        assert verifier.main([str(path)]) == 1
        assert capsys.readouterr().out.startswith("rejected / 未通过: the file ")


SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=9)
NAMES = st.sampled_from(["type", "record", "index", "path", "head", "public_key", "anchor", "size", "at"])


@settings(max_examples=50)
@given(
    st.dictionaries(NAMES, st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(NAMES, v))),
    st.sets(NAMES),
)
def test_a_proof_with_any_fields_replaced_is_rejected_without_a_crash(proof, values, kept):
    true = json.loads(proof)
    changed = {name: true[name] for name in kept if name in true} | values
    without_anchor = {name: value for name, value in true.items() if name != "anchor"}
    assert rejected(canonical(changed)) == (changed not in (true, without_anchor))


def test_no_proof_is_handed_out_that_would_not_hold(key, tmp_path):
    tree = tree_of(RECORDS)
    head = key.sign("jingwei", 700, tree.root(), 5)
    other = SigningKey.open(tmp_path / "other.pem")
    with pytest.raises(ProofError, match="does not lead to the signed root"):
        build_proof(tree, 333, RECORDS[334], head, key.public)
    with pytest.raises(ProofError, match="not signed by the key"):
        build_proof(tree, 333, RECORDS[333], head, other.public)
    with pytest.raises(ProofError, match="not UTF-8"):
        build_proof(tree, 333, b"\xff", head, key.public)
    with pytest.raises(ProofError, match="does not continue"):
        build_proof(tree, 3, RECORDS[3], head, key.public, key.sign("jingwei", 300, bytes(32), 4))
    with pytest.raises(ProofError, match="the anchor over 300"):
        build_proof(tree, 3, RECORDS[3], head, key.public, other.sign("jingwei", 300, tree.root(300), 4))
    with pytest.raises(TreeError, match="younger"):
        small = key.sign("jingwei", 300, tree.root(300), 5)
        build_proof(tree, 3, RECORDS[3], small, key.public, head)


def test_the_key_file_is_made_once_and_for_its_owner_alone(tmp_path):
    path = tmp_path / "keys" / "signing.pem"
    first = SigningKey.open(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.open(path).public == first.public == read_public(path.with_suffix(".pub"))
    assert sorted(file.name for file in path.parent.iterdir()) == ["signing.pem", "signing.pub"]
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        SigningKey.open(path)
    path.chmod(0o600)
    path.write_text("nonsense")
    with pytest.raises(KeyFileError, match="not a private key"):
        SigningKey.open(path)
    with pytest.raises(KeyFileError, match="not a public key"):
        read_public(path)


def test_a_head_holds_for_its_own_words_only(key):
    head = key.sign("jingwei", 7, bytes(32), 5)
    assert signed_by(head, key.public)
    for field, value in {"log": "other", "size": 8, "at": 6, "root": "11" * 32}.items():
        words = {name: getattr(head, name) for name in head.__struct_fields__} | {field: value}
        assert not signed_by(SignedHead(**words), key.public)
    mislabelled = SigningKey(key._private)
    mislabelled.key_id = "0" * 16
    assert not signed_by(mislabelled.sign("jingwei", 7, bytes(32), 5), key.public)
    with pytest.raises(ValueError, match="not a log name"):
        key.sign("two words", 7, bytes(32), 5)


def test_anchors_are_kept_in_order_and_a_torn_line_is_told(key, tmp_path):
    anchors = AnchorFile(tmp_path / "elsewhere", "jingwei")
    assert anchors.read() == ([], [])
    heads = [key.sign("jingwei", size, bytes([size]) * 32, size) for size in range(5)]
    for head in heads[:3]:
        anchors.append(head)
    whole = anchors.path.read_bytes()
    anchors.path.write_bytes(whole[:-40])
    for head in heads[3:]:
        anchors.append(head)
    read, bad = anchors.read()
    assert read == [*heads[:2], *heads[3:]]
    assert [line.line for line in bad] == [3]
    assert all(signed_by(head, key.public) for head in read)
