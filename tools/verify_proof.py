"""Check a proof without trusting the bank's programs: python tools/verify_proof.py p.json [--key PUB]

Needs Python and `cryptography`; shares no code with the bank. Exit code 0: verified, 1: rejected.

The proof is verified when all of this holds:
1. the file is canonical JSON of the expected shape, so that a changed byte anywhere shows;
2. the record hashes (RFC 9162: SHA-256 of 0x00 and the record) along the path to the root in the signed head;
3. the head is signed (Ed25519) by the key: the one given with --key, else the one inside the file;
4. an anchor, if there is one, is signed by the same key, and the log under the head continues it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

LARGEST_FILE = 4 * 1024 * 1024
LONGEST_PATH = 64
LARGEST_NUMBER = 2**53

PROOF_FIELDS = {"type", "record", "index", "path", "head", "public_key"}
HEAD_FIELDS = {"type", "log", "size", "root", "at", "key_id", "signature"}
ANCHOR_FIELDS = {"head", "path"}


class Rejected(Exception):
    """The proof does not hold; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Check the file named on the command line; print the outcome; return 0 (verified) or 1 (rejected)."""
    parser = argparse.ArgumentParser(description="Check a proof that a record is in the bank's log.")
    parser.add_argument("proof", type=Path, help="the proof file (JSON)")
    parser.add_argument("--key", type=Path, help="the public key as the bank publishes it (PEM or hex)")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        pinned = read_key(options.key) if options.key else None
        proof = parse(read(options.proof))
        check(proof, pinned)
    except Rejected as why:
        print(f"rejected / 未通过: {why}")
        return 1
    report(proof, pinned)
    return 0


def read(path: Path) -> bytes:
    """The file's bytes, if it can be read and is not too large."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as wrong:
        raise Rejected(f"the file {str(path)!r} cannot be read ({wrong.strerror})") from wrong
    if len(raw) > LARGEST_FILE:
        raise Rejected(f"the file is larger than {LARGEST_FILE} bytes; no proof is")
    return raw


def read_key(path: Path) -> bytes:
    """A raw public key (32 bytes) from a PEM file or 64 hex digits."""
    raw = read(path)
    text = raw.strip()
    if re.fullmatch(rb"[0-9a-f]{64}", text):
        return bytes.fromhex(text.decode())
    try:
        key = load_pem_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        raise Rejected(f"{str(path)!r} is not a public key") from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise Rejected(f"{str(path)!r} is not an Ed25519 public key")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def parse(raw: bytes) -> dict[str, Any]:
    """The proof's fields. Only the one canonical spelling is taken."""
    try:
        proof = json.loads(raw.decode("utf-8"))
        spelled = canonical(proof)
    except (ValueError, RecursionError) as wrong:
        raise Rejected("the file is not JSON as the bank writes it") from wrong
    if raw not in (spelled, spelled + b"\n"):
        raise Rejected("the file is not spelled as the bank spells it; something in it was changed")
    return fields_of(proof, PROOF_FIELDS, {"anchor"}, "proof")


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def fields_of(value: object, needed: set[str], optional: set[str], name: str) -> dict[str, Any]:
    """An object with exactly these fields."""
    if not isinstance(value, dict) or not needed <= set(value) <= needed | optional:
        raise Rejected(f"the {name} does not have the fields a {name} has")
    return value


def number(value: object, name: str, least: int = 0) -> int:
    """A whole number in range; true and false are none."""
    if type(value) is not int or not least <= value <= LARGEST_NUMBER:
        raise Rejected(f"the {name} is not a whole number in range")
    return value


def from_hex(value: object, length: int, name: str) -> bytes:
    """Bytes from exactly this many lower-case hex digit pairs."""
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9a-f]{{{2 * length}}}", value, re.ASCII):
        raise Rejected(f"the {name} is not {2 * length} lower-case hex digits")
    return bytes.fromhex(value)


def path_of(value: object, name: str) -> list[bytes]:
    """A list of 32-byte hashes."""
    if not isinstance(value, list) or len(value) > LONGEST_PATH:
        raise Rejected(f"the {name} is not a list of at most {LONGEST_PATH} hashes")
    return [from_hex(step, 32, f"{name}'s step") for step in value]


def check(proof: dict[str, Any], pinned: bytes | None) -> None:
    """Everything the proof claims. Raises Rejected at the first thing that does not hold."""
    if proof["type"] != "jingwei proof v1":
        raise Rejected("the file is not a proof of a kind known here")
    key = from_hex(proof["public_key"], 32, "public key")
    if pinned is not None and key != pinned:
        raise Rejected("the proof carries another key than the one given with --key")
    size, root = check_head(proof["head"], key, "head")
    index = number(proof["index"], "index")
    if not isinstance(proof["record"], str):
        raise Rejected("the record is not text")
    leaf = hashlib.sha256(b"\x00" + proof["record"].encode("utf-8")).digest()
    if climb(leaf, index, size, path_of(proof["path"], "path")) != root:
        raise Rejected("the record and the path do not lead to the signed root: one of the three was changed")
    if "anchor" in proof:
        check_anchor(fields_of(proof["anchor"], ANCHOR_FIELDS, set(), "anchor"), proof["head"], key)


def check_head(value: object, key: bytes, name: str) -> tuple[int, bytes]:
    """Size and root of a head whose signature holds."""
    head = fields_of(value, HEAD_FIELDS, set(), name)
    if head["type"] != "jingwei signed head v1":
        raise Rejected(f"the {name} is not of a kind known here")
    if not isinstance(head["log"], str) or not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", head["log"], re.ASCII):
        raise Rejected(f"the {name} does not name a log")
    size, root = number(head["size"], f"{name}'s size"), from_hex(head["root"], 32, f"{name}'s root")
    number(head["at"], f"{name}'s time", least=-LARGEST_NUMBER)
    if head["key_id"] != hashlib.sha256(key).hexdigest()[:16]:
        raise Rejected(f"the {name} names another key than the one in use")
    signature = from_hex(head["signature"], 64, f"{name}'s signature")
    signed = canonical({field: head[field] for field in HEAD_FIELDS - {"signature"}})
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError) as wrong:
        raise Rejected(f"the {name}'s signature does not hold") from wrong
    return size, root


def check_anchor(anchor: dict[str, Any], head: dict[str, Any], key: bytes) -> None:
    """That the anchor is signed, and the log under the head continues it."""
    old, old_root = check_head(anchor["head"], key, "anchor")
    if anchor["head"]["log"] != head["log"]:
        raise Rejected("the anchor belongs to another log")
    path = path_of(anchor["path"], "anchor's path")
    if not continues(old, old_root, head["size"], bytes.fromhex(head["root"]), path):
        raise Rejected("the log under the head does not continue the anchored one")


def node(left: bytes, right: bytes) -> bytes:
    """RFC 9162: the hash above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def climb(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root reached from leaf `index` of `size` (RFC 9162, 2.1.3.2), None if the path cannot fit."""
    if index >= size:
        return None
    place, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            reached = node(step, reached)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            reached = node(reached, step)
        place, last = place // 2, last // 2
    return reached if last == 0 else None


def continues(old: int, old_root: bytes, new: int, new_root: bytes, path: list[bytes]) -> bool:
    """Whether the tree of `old` leaves is the beginning of the one of `new` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root == new_root and not path
    if old == 0:
        return old_root == hashlib.sha256(b"").digest() and not path
    steps = [old_root, *path] if old.bit_count() == 1 else path
    if old > new or not path or not steps:
        return False
    place, last = old - 1, new - 1
    while place % 2:
        place, last = place // 2, last // 2
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            before, after = node(step, before), node(step, after)
            while place and place % 2 == 0:
                place, last = place // 2, last // 2
        else:
            after = node(after, step)
        place, last = place // 2, last // 2
    return last == 0 and before == old_root and after == new_root


def moment(at: int) -> str:
    """A time in microseconds since 1970 as text, if the calendar reaches that far."""
    try:
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).isoformat()
    except OverflowError:
        return f"{at} microseconds after 1970"


def report(proof: dict[str, Any], pinned: bytes | None) -> None:
    """Say what was verified, and what that rests on."""
    head = proof["head"]
    print("verified / 已验证")
    print(f"  record {proof['index']} of {head['size']} in the log {head['log']}")
    print(f"  signed {moment(head['at'])}")
    print(f"  key {proof['public_key']}")
    if "anchor" in proof:
        anchor = proof["anchor"]["head"]
        print(f"  continues the log anchored at {anchor['size']} records on {moment(anchor['at'])}")
    if pinned is None:
        print("  warning: the key was taken from the file itself; whoever made the file could have made it.")
        print("  Compare it with the one the bank publishes, or give that one with --key.")
        print("  注意：公钥取自文件本身。请与银行公布的公钥核对，或用 --key 指定。")


if __name__ == "__main__":
    sys.exit(main())
