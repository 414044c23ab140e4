"""What somebody asks: frozen, typed, with its own idempotency key, its actor and both clocks."""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeVar

import msgspec

from jingwei.kernel.clock import MINUTE
from jingwei.kernel.money import CURRENCIES, MAX_AMOUNT_MINOR

AHEAD = 5 * MINUTE
"""How far ahead of the bank's own time a command may say that it happened: as much as clocks differ."""

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.:@-]*\Z")]
OptionalId = Annotated[str, msgspec.Meta(max_length=64, pattern=r"\A([A-Za-z0-9][A-Za-z0-9_.:@-]*)?\Z")]
Amount = Annotated[int, msgspec.Meta(gt=0, le=MAX_AMOUNT_MINOR)]
AmountOrZero = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT_MINOR)]
CurrencyCode = Annotated[str, msgspec.Meta(pattern=rf"\A({'|'.join(CURRENCIES)})\Z")]
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"\A[^\x00]*\Z")]
Moment = Annotated[int, msgspec.Meta(ge=-(2**52), le=2**53)]


C = TypeVar("C", bound="Command")


class Command(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, tag_field="type"):
    """Base of all commands.

    `key` is unique per `actor`: asking again with the same key returns the same answer.
    `at` is when it happened, `known_at` when the bank learned of it (both microseconds UTC);
    the channel stamps them, so doing a command needs no clock. `MEASURED` names fields the channel fills in
    from what it finds when it asks (a bureau's report): asking again later finds other values.
    """

    MEASURED: ClassVar[tuple[str, ...]] = ()

    key: Key
    actor: Id
    at: Moment
    known_at: Moment


class CommandError(ValueError):
    """A command whose field `where` does not hold what its type says: `says` tells what it should be."""

    def __init__(self, where: str, says: str) -> None:
        super().__init__(f"{where}: {says}")
        self.where, self.says = where, says


def checked(command: C) -> C:
    """The command itself, when every field holds what its type says. Raises CommandError.

    Whoever makes a command from text that nobody has read yet has it checked: a record must be
    readable again, and what breaks its type is not.
    """
    try:
        msgspec.json.decode(msgspec.json.encode(command), type=type(command))
    except msgspec.ValidationError as error:
        says, _, where = str(error).partition(" - at `$.")
        raise CommandError(where.rstrip("`") or type(command).__name__, _plain(says)) from None
    except UnicodeEncodeError:
        raise CommandError(type(command).__name__, "a text is not UTF-8") from None
    return command


def _plain(says: str) -> str:
    """What is wrong, without a regular expression."""
    return "a character or form that is not allowed here" if "matching regex" in says else says


def fingerprint_equal(first: Command, again: Command) -> bool:
    """Whether two commands of one kind ask the same; time stamps and what a channel measured aside."""
    aside = {name: getattr(first, name) for name in ("at", "known_at", *first.MEASURED)}
    return first == msgspec.structs.replace(again, **aside)


def dated_ahead(command: Command) -> bool:
    """Whether a command says that it happened after the bank learned of it, by more than clocks differ."""
    return command.at - command.known_at > AHEAD
