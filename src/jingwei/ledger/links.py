"""Whose a source's subject is: a link can be taken back, and a person's "these are two people" is kept."""

from __future__ import annotations

from jingwei.kernel.refusal import Words, declare
from jingwei.ledger.accounts import Kept


class IdentityLink(Kept, frozen=True):
    """What is held of one subject of one source. `id` is `link_id` or `apart_id`.

    `state` is "linked", "parted" (it was linked and no longer is) or "apart" (a person said that subject
    and customer are two). `how` says by what, `weight_milli` is the evidence in thousandths of a bit.
    """

    source: str
    subject: str
    customer: str
    state: str
    how: str
    weight_milli: int
    at: int
    by: str


def link_id(source: str, subject: str) -> str:
    """Id of what is held of whose this subject is.

    A subject with "~" in it has one more behind it: sources and customers have none, so that no other link's
    id and no `apart_id` is the same.
    """
    return f"{source}~{subject}~" if "~" in subject else f"{source}~{subject}"


def apart_id(source: str, subject: str, customer: str) -> str:
    """Id of what is held of this subject not being this customer."""
    return f"{source}~{subject}~{customer}"


declare(
    {
        "linked_already": Words(
            "This record belongs to another customer already; part them first.",
            "该记录已归属另一客户，请先解除。",
        ),
        "not_linked": Words("This record belongs to no customer.", "该记录未归属任何客户。"),
        "kept_apart": Words("A person said that these are two people.", "已有人确认二者不是同一人。"),
    }
)
