"""The tree a rule's condition is read into: our own few node types, nothing of Python's."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


class Number(msgspec.Struct, frozen=True):
    """A number as staff wrote it: `text` for showing, `value` for computing."""

    value: float
    text: str


class Name(msgspec.Struct, frozen=True):
    """A column the rule reads."""

    name: str


class Arithmetic(msgspec.Struct, frozen=True):
    """One calculation; `op` is one of + - * / neg abs min max."""

    op: str
    args: tuple[Numeric, ...]


class Comparison(msgspec.Struct, frozen=True):
    """`first` compared with the next operand, that with the one after, and so on; all must hold."""

    first: Numeric
    rest: tuple[tuple[str, Numeric], ...]


class Every(msgspec.Struct, frozen=True):
    """All parts must hold (and)."""

    parts: tuple[Condition, ...]


class Either(msgspec.Struct, frozen=True):
    """At least one part must hold (or)."""

    parts: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True):
    """The part must not hold."""

    part: Condition


Numeric = Number | Name | Arithmetic
Condition = Comparison | Every | Either | Not
Tree = Numeric | Condition


def children(tree: Tree) -> tuple[Tree, ...]:
    """The nodes directly below, in reading order."""
    match tree:
        case Arithmetic(args=args):
            return args
        case Comparison(first=first, rest=rest):
            return (first, *(operand for _, operand in rest))
        case Every(parts=parts) | Either(parts=parts):
            return parts
        case Not(part=part):
            return (part,)
        case _:
            return ()


def names(tree: Tree) -> tuple[str, ...]:
    """Every column read, each once, in the order of first reading."""
    return tuple(dict.fromkeys(_names(tree)))


def _names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    for child in children(tree):
        yield from _names(child)


_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "neg": 3}


def text(tree: Tree) -> str:
    """The tree written out again; reading that text gives an equal tree."""
    match tree:
        case Number(text=written):
            return written
        case Name(name=name):
            return name
        case Arithmetic():
            return _arithmetic_text(tree)
        case Comparison(first=first, rest=rest):
            return " ".join([text(first), *(f"{op} {text(operand)}" for op, operand in rest)])
        case Not(part=part):
            return f"not {_wrapped(part)}"
        case Every(parts=parts):
            return " and ".join(map(_wrapped, parts))
        case Either(parts=parts):
            return " or ".join(map(_wrapped, parts))


def _wrapped(part: Condition) -> str:
    return f"({text(part)})" if isinstance(part, Every | Either) else text(part)


def _arithmetic_text(tree: Arithmetic) -> str:
    if tree.op == "neg":
        return f"-{_operand_text(tree.args[0], 3)}"
    if tree.op in _STRENGTH:
        left, right = tree.args
        own = _STRENGTH[tree.op]
        return f"{_operand_text(left, own)} {tree.op} {_operand_text(right, own + 1)}"
    return f"{tree.op}({', '.join(map(text, tree.args))})"


def _operand_text(tree: Numeric, at_least: int) -> str:
    written = text(tree)
    strength = _STRENGTH.get(tree.op, 9) if isinstance(tree, Arithmetic) else 9
    if isinstance(tree, Number) and tree.value < 0:
        strength = 3
    return f"({written})" if strength < at_least else written
