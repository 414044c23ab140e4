"""Commands on their way through the bank: new ones told from repeated ones, judged, and what they came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

import msgspec

from jingwei.decisions.judge import JudgedColumns, Judgement
from jingwei.journeys import in_columns
from jingwei.journeys.card_payments import CardPayments
from jingwei.journeys.shape import Answer
from jingwei.journeys.table import BY_COMMAND, claimed
from jingwei.kernel.command import Command, checked, dated_ahead

Key = tuple[str, str]
"""Who asks, and the key of what is asked."""


class Reply(msgspec.Struct, frozen=True, gc=False):
    """What a command came to.

    `seq` -1: nothing was recorded. Its key belongs to another request, or it is dated in the future: the
    features must not learn of a moment that has not come, and what was recorded must replay bit for bit.
    """

    seq: int
    answer: Answer
    replayed: bool = False


class Replies(Sequence[Reply]):
    """Replies to commands of which all were new, each made when somebody looks."""

    def __init__(self, answers: in_columns.Answers) -> None:
        self.answers = answers

    def __len__(self) -> int:
        return len(self.answers)

    @overload
    def __getitem__(self, at: int) -> Reply: ...
    @overload
    def __getitem__(self, at: slice) -> list[Reply]: ...
    def __getitem__(self, at: int | slice) -> Reply | list[Reply]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        at = range(len(self))[at]
        return Reply(self.answers.first_seq + at, self.answers[at])


class Known(msgspec.Struct, frozen=True):
    """Commands told apart, by position: new ones, those answered already (with the record that answers
    them), and those turned away because they are dated in the future."""

    fresh: Sequence[int]
    again: dict[int, int] = {}
    ahead: Sequence[int] = ()


class Prepared(msgspec.Struct, frozen=True):
    """Commands told apart; the new ones are judged and numbered from `first_seq`.

    `keys` are those of the new commands, `marks` what they claim to be the only ones for, with the number
    of their records. Judgements held as columns are of card payments held as columns, all of them new.
    """

    commands: Sequence[Command]
    first_seq: int
    known: Known
    keys: list[Key]
    marks: list[tuple[str, str, int]]
    judgements: list[Judgement | None] | JudgedColumns


def keys_of(commands: Sequence[Command]) -> list[Key]:
    """Who asks each command under which key."""
    if isinstance(commands, CardPayments):
        return commands.keys()
    return [(command.actor, command.key) for command in commands]


def claims_of(commands: Sequence[Command]) -> dict[int, Key]:
    """What commands that may be done only once are about, by position (see `table.claimed`)."""
    if not isinstance(commands, CardPayments):
        return claimed(commands)
    places = sorted(commands.others)
    return {places[n]: claim for n, claim in claimed([commands.others[at] for at in places]).items()}


def some_ahead(commands: Sequence[Command]) -> bool:
    """Whether any of the commands is dated in the future."""
    if not isinstance(commands, CardPayments):
        return any(map(dated_ahead, commands))
    return commands.some_ahead() or any(map(dated_ahead, commands.others.values()))


def tell_apart(
    commands: Sequence[Command],
    keys: list[Key],
    claims: Mapping[int, Key],
    answered: dict[Key, int],
    first: int,
) -> Known:
    """Tell new commands, which get the numbers from `first` on, from repeated and future ones.

    `answered` are the records that answer keys and claims already; it gets those of the new commands.
    """
    alone = len(set(keys)) == len(keys) and len(set(claims.values())) == len(claims)
    if alone and not answered and not some_ahead(commands):
        return Known(range(len(keys)))
    fresh: list[int] = []
    again: dict[int, int] = {}
    ahead: list[int] = []
    for i, key in enumerate(keys):
        claim = claims.get(i, key)
        seq = answered.get(key, answered.get(claim))
        if seq is not None:
            again[i] = seq
        elif dated_ahead(commands[i]):
            ahead.append(i)
        else:
            answered[key] = answered[claim] = first + len(fresh)
            fresh.append(i)
    return Known(fresh, again, ahead)


def numbered(prepared: Prepared) -> list[tuple[str, str, int]]:
    """The new keys, and what the new commands claim, with the record that answers each."""
    first = prepared.first_seq
    return [(actor, key, first + n) for n, (actor, key) in enumerate(prepared.keys)] + prepared.marks


def check_readable(commands: Sequence[Command]) -> None:
    """Raise CommandError when a command breaks its own types: a log with one such record is a log of none.

    Payments, which policies judge, are many; each of their doors reads exactly their types.
    """
    for command in commands.others.values() if isinstance(commands, CardPayments) else commands:
        if not BY_COMMAND[type(command)].policy:
            checked(command)


def split_at_barriers(commands: Sequence[Command]) -> Iterator[Sequence[Command]]:
    """Cut the commands so that each barrier command (a new policy or model) stands alone."""
    start = 0
    for i, command in enumerate(commands):
        if BY_COMMAND[type(command)].barrier:
            if start < i:
                yield commands[start:i]
            yield commands[i : i + 1]
            start = i + 1
    if start < len(commands):
        yield commands[start:]
