"""One command line for each argument and option that is a text or a path, with HERE in its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = "HERE"

ROWS = "y,a,b,t,o\n" + "".join(f"{n % 2},{n * 7 % 13},{n * 5 % 11},{n % 3},{n % 2}\n" for n in range(60))
LESSON = 'target = "y"\ngood = "1"\n'

COMMANDS = tuple(
    tuple(line.split())
    for line in """\
HERE
--home {home} accounts show HERE
accounts list --after HERE
accounts list --limit HERE
accounts list --owner HERE
accounts show HERE
accounts statement HERE
accounts statement alice --after HERE
audit verify --anchors HERE
audit verify --key HERE
backup HERE
cases list --after HERE
cases list --status HERE
cases refuse HERE
cases refuse {case} --comment HERE
cases refuse {case} --who HERE
cases release HERE
cases release {case} --comment HERE
cases release {case} --who HERE
city --people 300 --days 1 --begin HERE
city --people 300 --days 1 --out HERE
clients add HERE --redirect https://a.example/b
clients add shop --redirect HERE
clients add shop --redirect https://a.example/b --name HERE
clients add shop --redirect https://a.example/b --scope HERE
clients disable HERE
day-end run --day HERE
doctor --port HERE
evaluate clv HERE
evaluate credit --train {csv} --test {csv} --target HERE --good 1
evaluate credit --train {csv} --test {csv} --target y --good HERE
evaluate credit --train {csv} --test HERE --target y --good 1
evaluate credit --train HERE --test {csv} --target y --good 1
evaluate credit --train {csv} --test {csv} --target y --good 1 --protected HERE
evaluate fraud --data HERE
evaluate fraud {policy} --train-from HERE
evaluate lateness --data HERE
evaluate propensity --train {csv} --test HERE
evaluate propensity --train HERE --test {csv}
evaluate propensity --train {csv} --test {csv} --exclude HERE
evaluate propensity --train {csv} --test {csv} --target HERE
evaluate reasons --train {csv} --test HERE
evaluate reasons --train HERE --test {csv}
evaluate reasons --train {csv} --test {csv} --exclude HERE
evaluate reasons --train {csv} --test {csv} --good HERE
evaluate reasons --train {csv} --test {csv} --target HERE
evaluate uplift --train {csv} --test {csv} --treatment HERE --outcome o
evaluate uplift --train {csv} --test {csv} --treatment t --outcome HERE
evaluate uplift --train HERE --test {csv} --treatment t --outcome o
evaluate uplift --train {csv} --test HERE --treatment t --outcome o
evaluate uplift --train {csv} --test {csv} --treatment t --outcome y --control HERE
evaluate warning --data HERE
identity part cards HERE --reason r
identity part cards x --reason HERE
identity part cards x --reason r --who HERE
identity part HERE x --reason r
import berka HERE
loan agree alice HERE
loan agree HERE tax
loan apply alice HERE 10000 12
loan apply alice cash_loan 10000 HERE
loan apply alice cash_loan 10000 12 --purpose HERE
loan apply alice cash_loan HERE 12
loan apply HERE cash_loan 10000 12
loan list --owner HERE
loan repay HERE 1.00
loan repay L1 HERE
loan repay L1 --how HERE
loan show HERE
loan sign HERE --terms x
loan sign D00000000001 --terms HERE
model approve {model} --why HERE
model approve HERE --why x
model approve {model} --why x --slot HERE
model approve {model} --why x --who HERE
model card HERE
model challenge {model} --why HERE
model challenge HERE --why x
model challenge {model} --why x --slot HERE
model challenge {model} --why x --who HERE
model rollback --why HERE
model rollback --why x --slot HERE
model rollback --why x --who HERE
people add HERE --role teller
people add eve --role HERE
people add eve --role teller --actor HERE
people add eve --role teller --name HERE
people disable HERE
people enable HERE
people reset HERE
people role HERE --role teller
people role alice --role HERE
policy check HERE
policy publish HERE
policy publish {policy} --who HERE
policy show HERE
proof HERE
proof D00000000001 --out HERE
replay HERE
replay {policy} --limit HERE
restore {backup} --home HERE
restore HERE --home new
restore {backup} --home new --at HERE
source check HERE {csv}
source check city/cards HERE
source import HERE {csv}
source import city/cards HERE
source list --source HERE
tokens --grant HERE
tokens --show HERE
train credit --data {csv} --lesson {lesson} --by HERE
train credit --data HERE --lesson {policy} --by staff:a
train credit --data {csv} --lesson HERE --by staff:a
train fraud --data {csv} --from HERE --days 7
train fraud --data HERE --from 2026-01-01 --days 7
train reviews --by HERE
train reviews --by staff:a --slot HERE
train simulated HERE --by staff:a
train warning --by staff:a --data HERE
whatif --policy HERE
""".splitlines()
)
"""Words in braces stand for what `Keyboard` has made: a home, a case, a model, a policy, rows, a backup."""

UNTYPED = {
    "serve --host": "it would serve",
    "soak --engine": "it says sqlite, as a leak would",
    "soak --keep": "it would run for a while",
    "simulate year --state": "it would live a year",
    "train simulated --by": "it would learn for minutes",
    "train simulated --owner": "it would learn for minutes",
    "train loans --by": "it would learn for minutes",
    "train loans --owner": "it would learn for minutes",
    "train warning --by": "it would learn for minutes",
    "train warning --owner": "it would learn for minutes",
}
"""What is left out, and why."""


def taken(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """Every argument or option that takes a text: the path of its command, its name, and its place."""
    for name, below in getattr(command, "commands", {}).items():
        yield from taken(below, (*path, name))
    params = [] if hasattr(command, "commands") else command.params
    arguments = [one.name for one in params if not one.opts[-1].startswith("--")]
    for one in params:
        kind = str(one.type_descriptor.annotation)
        if "str" in kind or Path.__name__ in kind:
            yield path, one.opts[-1], arguments.index(one.name) if one.name in arguments else 0


def tried(path: tuple[str, ...], name: str, place: int) -> bool:
    """Whether a command line has HERE in the place of this option, or of the argument at this place."""
    lines = [one for one in COMMANDS if one[: len(path)] == path and HERE in one]
    if name.startswith("--"):
        return any(name in one and one[one.index(name) + 1] == HERE for one in lines)
    return any(one[len(path) :][place : place + 1] == (HERE,) for one in lines)
