"""Check a whole log without trusting the bank's programs: python tools/verify_log.py BACKUP [--anchors FILE]

BACKUP is a folder written by `jingwei backup`. Needs Python and `cryptography`; shares no code with the bank.
Exit code 0: sound, 1: not. `--key PUB` is the public key as published, `--anchors FILE` other anchors.

The log is sound when all of this holds:
1. every file of records is the one the manifest names (SHA-256), and the records follow each other from 0;
2. the root over them (RFC 9162: SHA-256 of 0x00 and the record, of 0x01 and two nodes) is the newest point's;
3. every anchor carries a true signature (Ed25519), and its root is the one over as many records.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key


class Unsound(Exception):
    """The log does not hold; the message says why."""


class Tree:
    """The root of a growing log: one waiting node for each height."""

    def __init__(self) -> None:
        self.size = 0
        self._waiting: list[tuple[int, bytes]] = []

    def add(self, record: bytes) -> None:
        """Append one record."""
        height, node = 0, hashlib.sha256(b"\x00" + record).digest()
        while self._waiting and self._waiting[-1][0] == height:
            node = hashlib.sha256(b"\x01" + self._waiting.pop()[1] + node).digest()
            height += 1
        self._waiting.append((height, node))
        self.size += 1

    def root(self) -> str:
        """The root over all records so far, in hex."""
        if not self._waiting:
            return hashlib.sha256(b"").hexdigest()
        node = self._waiting[-1][1]
        for _, left in reversed(self._waiting[:-1]):
            node = hashlib.sha256(b"\x01" + left + node).digest()
        return node.hex()


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, when it is the one that was written. Raises Unsound."""
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
        told = manifest.pop("sha256")
        if manifest["type"] != "jingwei backup v1" or not manifest["points"]:
            raise Unsound("the folder holds no finished backup of a kind known here")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise Unsound(f"the manifest cannot be read: {wrong}") from wrong
    if told != hashlib.sha256(canonical(manifest)).hexdigest():
        raise Unsound("the manifest is not the one that was written")
    return manifest


def public_keys(folder: Path, pinned: Path | None) -> dict[str, Ed25519PublicKey]:
    """The keys trusted to sign, by their short name."""
    paths = [pinned] if pinned else sorted((folder / "files" / "keys").rglob("*.pub"))
    keys = {}
    for path in paths:
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError) as wrong:
            raise Unsound(f"{path} is no public key: {wrong}") from wrong
        if not isinstance(key, Ed25519PublicKey):
            raise Unsound(f"{path} is no Ed25519 key")
        keys[hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]] = key
    return keys


def signed_heads(path: Path, keys: dict[str, Ed25519PublicKey]) -> dict[int, set[str]]:
    """Size and roots of every anchor; each must be signed. Raises Unsound."""
    heads: dict[int, set[str]] = {}
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            head = json.loads(line)
            signature = bytes.fromhex(head.pop("signature"))
            keys[head["key_id"]].verify(signature, canonical(head))
            heads.setdefault(head["size"], set()).add(head["root"])
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature) as wrong:
            raise Unsound(f"line {number} of {path} is no head signed by a key known here") from wrong
    return heads


def records(folder: Path, segments: list[dict[str, Any]]) -> Iterator[bytes]:
    """Every record in order, its file checked. Raises Unsound."""
    expected = 0
    for segment in segments:
        digest, path = hashlib.sha256(), folder / segment["log"]["path"]
        if segment["first"] != expected:
            raise Unsound(f"the records from {expected} on are missing")
        try:
            with path.open("rb") as file:
                for line in file:
                    digest.update(line)
                    yield line[:-1]
                    expected += 1
        except OSError as wrong:
            raise Unsound(f"{path} cannot be read ({wrong.strerror})") from wrong
        if digest.hexdigest() != segment["log"]["sha256"] or expected != segment["end"]:
            raise Unsound(f"{path} is not the file that was written")


def check(folder: Path, pinned: Path | None, anchors: Path | None) -> tuple[int, str, int]:
    """(records, root, heads compared) of a sound log. Raises Unsound."""
    manifest = read_manifest(folder)
    heads = signed_heads(anchors or folder / "files" / "anchors.jsonl", public_keys(folder, pinned))
    point, tree, met = manifest["points"][-1], Tree(), 0
    for record in records(folder, manifest["segments"]):
        tree.add(record)
        if tree.size in heads:
            met += 1
            if heads[tree.size] != {tree.root()}:
                raise Unsound(f"the first {tree.size} records are not those that were signed")
    if (tree.size, tree.root()) != (point["size"], point["root"]):
        raise Unsound(f"the root over {tree.size} records is not the one of the newest point")
    if max(heads, default=0) > tree.size:
        raise Unsound(f"{max(heads)} records were signed, {tree.size} are here: the tail is missing")
    return tree.size, tree.root(), met


def main(arguments: list[str] | None = None) -> int:
    """Check the folder named on the command line; print the outcome; return 0 (sound) or 1."""
    parser = argparse.ArgumentParser(description="Check a bank's whole log from a backup of it.")
    parser.add_argument("backup", type=Path, help="a folder written by `jingwei backup`")
    parser.add_argument("--key", type=Path, help="the public key as the bank publishes it (PEM)")
    parser.add_argument("--anchors", type=Path, help="anchors kept elsewhere, instead of the backup's own")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    try:
        size, root, met = check(options.backup, options.key, options.anchors)
    except Unsound as why:
        print(f"not sound / 不完好: {why}")
        return 1
    speed = size / max(time.perf_counter() - began, 1e-9)
    print(f"sound / 完好: {size} records, root {root}, {met} signed heads compared, {speed:.0f} records/s")
    if options.key is None:
        print("  warning: the key was taken from the backup itself; give the published one with --key.")
        print("  注意：公钥取自备份本身，请用 --key 指定银行公布的公钥。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
