"""What a customer takes home: one record with the path that ties it to a head the bank signed.

The file is canonical JSON, so that a changed byte anywhere in it shows. `tools/verify_proof.py` checks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from jingwei.audit.heads import SignedHead, canonical, signed_by
from jingwei.audit.leaves import hash_leaves
from jingwei.audit.merkle import TreeError
from jingwei.audit.paths import Tree, consistent, inclusion_root

PROOF_TYPE = "jingwei proof v1"


class ProofError(ValueError):
    """No proof can be given: the log does not lead to the head the bank signed, or the record is not text."""


def build_proof(
    tree: Tree,
    index: int,
    record: bytes,
    head: SignedHead,
    public: bytes,
    anchor: SignedHead | None = None,
) -> bytes:
    """The proof that record `index` is in the log under `head`: JSON in UTF-8 with one newline at its end.

    `public` is the raw public key (32 bytes). With `anchor`, an older head kept elsewhere, the proof shows
    also that the log under `head` continues the anchored one. The proof is checked before it is handed out.
    Raises ProofError when it would not hold, TreeError when the log lacks what it needs.
    """
    path = tree.inclusion(index, head.size)
    fields: dict[str, Any] = {
        "type": PROOF_TYPE,
        "record": _text(record),
        "index": index,
        "path": _hex(path),
        "head": msgspec.to_builtins(head),
        "public_key": public.hex(),
    }
    if inclusion_root(hash_leaves([record]), index, head.size, path) != head.root_bytes:
        raise ProofError(f"record {index} does not lead to the signed root; run the log check")
    if not signed_by(head, public):
        raise ProofError(f"the head over {head.size} records is not signed by the key given")
    if anchor is not None:
        fields["anchor"] = {"head": msgspec.to_builtins(anchor), "path": _hex(_continues(tree, anchor, head))}
        if not signed_by(anchor, public) or anchor.log != head.log:
            raise ProofError(f"the anchor over {anchor.size} records is not signed by the key given")
    return canonical(fields) + b"\n"


def _continues(tree: Tree, anchor: SignedHead, head: SignedHead) -> list[bytes]:
    """The path that shows that the log under `head` continues the anchored one."""
    if anchor.size > head.size:
        raise TreeError(f"the anchor over {anchor.size} records is younger than the head over {head.size}")
    path = tree.consistency(anchor.size, head.size)
    if not consistent(anchor.size, anchor.root_bytes, head.size, head.root_bytes, path):
        raise ProofError(f"the log does not continue the one anchored at {anchor.size} records")
    return path


def _hex(path: Sequence[bytes]) -> list[str]:
    return [step.hex() for step in path]


def _text(record: bytes) -> str:
    try:
        return record.decode()
    except UnicodeDecodeError as wrong:
        raise ProofError("the record is not UTF-8 text") from wrong
