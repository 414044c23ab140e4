"""ChangeCredential: a way to sign in, or a role, was given, changed or taken; the evidence holds it."""

from __future__ import annotations

from typing import Literal

from jingwei.journeys.shape import Answer, Books, Journey, Outcome, refused
from jingwei.kernel.command import Command, Id, Text
from jingwei.kernel.event import Event
from jingwei.kernel.ids import decision_id
from jingwei.kernel.refusal import Refusal


class ChangeCredential(Command, frozen=True, kw_only=True, tag="change_credential"):
    """`what` of `person` (an actor) was `change`d. No secret stands here: `label` is a public name.

    The credentials themselves are kept apart from the books; this record says who changed what when.
    """

    person: Id
    what: Literal[
        "person", "password", "totp", "passkey", "recovery_codes", "recovery_code", "roles", "client"
    ]
    change: Literal["added", "changed", "removed", "used", "invited", "disabled", "enabled"]
    label: Text = ""


class CredentialChanged(Event, frozen=True, kw_only=True, tag="credential_changed"):
    """A credential or role is not what it was."""

    person: str
    what: str
    change: str


OTHERS_DECIDE = ("person", "roles", "client")
"""What nobody changes for themselves."""


def look(ask: ChangeCredential, books: Books) -> int:
    """Only the record's number is needed."""
    return books.seq


def act(ask: ChangeCredential, seen: int) -> Outcome:
    """Seal the change. Customers change their own credentials only; nobody gives themselves a role."""
    number = decision_id(seen)
    own = ask.actor == ask.person
    if own and ask.what in OTHERS_DECIDE:
        return refused(number, Refusal("own_work"))
    if ask.actor.startswith("customer:") and not own:
        return refused(number, Refusal("not_allowed"))
    event = CredentialChanged(person=ask.person, what=ask.what, change=ask.change)
    return Outcome(Answer(number, "done", events=(event,)))


CHANGE_CREDENTIAL = Journey(ChangeCredential, look, act, roles=("customer", "staff", "system"))
