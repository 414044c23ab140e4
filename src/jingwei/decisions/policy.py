"""A policy: versioned rules staff can read, each with a verdict, a weight and a sentence in zh and en."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import msgspec

from jingwei.decisions.expression import Expression, ExpressionError, nearest, parse
from jingwei.decisions.policy_lines import field_lines
from jingwei.decisions.tree import text

MAX_RULES = 64
MAX_WEIGHT = 100
MAX_SENTENCE = 200
MAX_VERSION = 1_000_000
MAX_BYTES = 262_144
INPUT_MISSING = "input_missing"
"""The reason given when a rule could not be decided; no rule may take this code."""

_CODE = re.compile(r"[a-z][a-z0-9_]{2,63}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9 _-]{0,63}", re.ASCII)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_POLICY_FIELDS: dict[str, tuple[type, bool]] = {
    "name": (str, True),
    "version": (int, True),
    "inputs": (list, False),
    "rules": (list, True),
}
_RULE_FIELDS: dict[str, tuple[type, bool]] = {
    "code": (str, True),
    "when": (str, True),
    "verdict": (str, True),
    "weight": (int, True),
    "says": (str, True),
    "says_zh": (str, True),
    "law": (str, False),
}
_KINDS = {str: "text in quotes", int: "a whole number", list: "a list"}


class Verdict(IntEnum):
    """What is to be done, from mildest to strictest; `code` is its name in words and files."""

    ALLOW = 0
    STEP_UP = 1
    HOLD = 2
    REFUSE = 3

    @property
    def code(self) -> str:
        """The verdict as text: allow, step_up, hold, refuse."""
        return self.name.lower()

    @classmethod
    def of(cls, code: str) -> Verdict:
        """The verdict with this code. Raises ValueError naming the known ones."""
        for verdict in cls:
            if verdict.code == code:
                return verdict
        known = ", ".join(verdict.code for verdict in cls)
        raise ValueError(f"unknown verdict {code[:20]!r}; known: {known}")


class PolicyError(ValueError):
    """A policy that cannot be used: which rule (its place from 0, or None), which field, what is wrong."""

    def __init__(self, problem: str, field: str, rule: int | None = None, place: str = "") -> None:
        where = place or ("policy" if rule is None else f"rule {rule + 1}")
        super().__init__(f"{where}, field {field}: {problem}")
        self.problem, self.field, self.rule = problem, field, rule


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: when `when` holds, `verdict` is asked for and `says` is told to the customer.

    `weight` (1 to 100) orders the reasons, heaviest first. `law` names the article that asks for
    the rule, where one does.
    """

    code: str
    when: str
    verdict: Verdict
    weight: int
    says: str
    says_zh: str
    law: str = ""


class Policy(msgspec.Struct, frozen=True):
    """Rules under one name and version. `inputs` are the columns they read; left empty, it is filled
    in from the rules. Making a policy that cannot be used raises PolicyError."""

    name: str
    version: int
    rules: tuple[Rule, ...]
    inputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for problem, field, rule in _problems(self):
            raise PolicyError(problem, field, rule)
        if not self.inputs:
            msgspec.structs.force_setattr(self, "inputs", tuple(dict.fromkeys(_reads(self))))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical form: the same for the same rules, whatever the file looked like."""
        form = msgspec.to_builtins(self, builtin_types=())
        form["inputs"] = sorted(self.inputs)
        canonical = json.dumps(form, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def rule(self, code: str) -> Rule:
        """The rule with this code. Raises KeyError."""
        for rule in self.rules:
            if rule.code == code:
                return rule
        raise KeyError(code)

    def expressions(self, known: tuple[str, ...] | None = None) -> tuple[Expression, ...]:
        """Every rule's condition, read; with `known`, only these columns may be read. Raises PolicyError."""
        return tuple(_read(rule, i, known or self.inputs) for i, rule in enumerate(self.rules))


def _read(rule: Rule, place: int, known: tuple[str, ...] | None) -> Expression:
    try:
        return parse(rule.when, known)
    except ExpressionError as error:
        raise PolicyError(str(error), "when", place) from error


def _reads(policy: Policy) -> Iterator[str]:
    for rule in policy.rules:
        yield from parse(rule.when).reads


Problem = tuple[str, str, int | None]


def _problems(policy: Policy) -> Iterator[Problem]:
    """Everything wrong with a policy, in the order it is looked at."""
    if not _NAME.fullmatch(policy.name):
        yield f"{policy.name[:64]!r}: lower-case letters, digits, space, _ and -, at most 64", "name", None
    if not 1 <= policy.version <= MAX_VERSION:
        yield f"must be from 1 to {MAX_VERSION}", "version", None
    if not 1 <= len(policy.rules) <= MAX_RULES:
        yield f"{len(policy.rules)} rules; from 1 to {MAX_RULES}", "rules", None
    for place, rule in enumerate(policy.rules):
        yield from _rule_problems(rule, place)
    yield from _duplicates(policy)
    yield from _input_problems(policy)


def _rule_problems(rule: Rule, place: int) -> Iterator[Problem]:
    if not _CODE.fullmatch(rule.code):
        yield f"{rule.code[:64]!r} is not a code such as payee_is_new", "code", place
    if rule.code == INPUT_MISSING:
        yield f"{INPUT_MISSING!r} is kept for when an input is missing", "code", place
    if not 1 <= rule.weight <= MAX_WEIGHT:
        yield f"{rule.weight} is not from 1 to {MAX_WEIGHT}", "weight", place
    for field, sentence in (("says", rule.says), ("says_zh", rule.says_zh)):
        if not _one_line(sentence) or not sentence.strip():
            yield f"a sentence of 1 to {MAX_SENTENCE} characters on one line is needed", field, place
    if _CHINESE.search(rule.says):
        yield "the English sentence has Chinese characters in it", "says", place
    if not _CHINESE.search(rule.says_zh):
        yield "the Chinese sentence has no Chinese character in it", "says_zh", place
    if not _one_line(rule.law):
        yield f"at most {MAX_SENTENCE} characters on one line", "law", place
    _read(rule, place, None)


def _one_line(sentence: str) -> bool:
    return len(sentence) <= MAX_SENTENCE and sentence.isprintable()


def _duplicates(policy: Policy) -> Iterator[Problem]:
    for field in ("code", "says", "says_zh", "when"):
        first: dict[str, int] = {}
        for place, rule in enumerate(policy.rules):
            value = text(parse(rule.when).tree) if field == "when" else getattr(rule, field)
            if (earlier := first.setdefault(value, place)) != place:
                yield f"the same as in rule {earlier + 1} ({policy.rules[earlier].code})", field, place


def _input_problems(policy: Policy) -> Iterator[Problem]:
    if not policy.inputs:
        return
    if len(set(policy.inputs)) != len(policy.inputs):
        yield "an input is named twice", "inputs", None
    for place, rule in enumerate(policy.rules):
        _read(rule, place, policy.inputs)
    read = set(_reads(policy))
    for name in policy.inputs:
        if name not in read:
            yield f"no rule reads {name!r}; {nearest(name, sorted(read))}", "inputs", None


def load_policy(path: Path, known: tuple[str, ...] | None = None) -> Policy:
    """Read the policy in this file. Raises PolicyError (line, field, what is wrong) or OSError."""
    with path.open("rb") as file:
        return parse_policy(file.read(MAX_BYTES + 1), path.name, known)


def parse_policy(
    content: bytes | str, source: str = "policy", known: tuple[str, ...] | None = None
) -> Policy:
    """Read a policy from TOML; with `known`, its rules may read only these columns.

    Raises PolicyError naming source, line, field and what would be accepted.
    """
    written = _decoded(content, source)
    lines = field_lines(written)
    try:
        data = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not readable as TOML: {error}", "the whole file", place=source) from None
    except (RecursionError, ValueError):
        says = "a value is nested too deeply, or a number has too many digits"
        raise PolicyError(says, "the whole file", place=source) from None
    try:
        policy = _policy(data)
        if known is not None:
            policy.expressions(known)
        return policy
    except PolicyError as error:
        places = ((error.rule, error.field), (error.rule, ""), (None, error.field))
        line = next((lines[place] for place in places if place in lines), 1)
        rule = "" if error.rule is None else f", rule {error.rule + 1}"
        raise PolicyError(error.problem, error.field, error.rule, f"{source}, line {line}{rule}") from error


def to_toml(policy: Policy) -> str:
    """The policy as TOML; reading that gives an equal policy with the same digest."""
    head = [f"name = {_quoted(policy.name)}", f"version = {policy.version}"]
    inputs = ",\n".join(f"  {_quoted(name)}" for name in policy.inputs)
    return "\n".join([*head, f"inputs = [\n{inputs},\n]", *map(_rule_text, policy.rules)]) + "\n"


def _rule_text(rule: Rule) -> str:
    fields: dict[str, Any] = {name: getattr(rule, name) for name in _RULE_FIELDS}
    fields["verdict"] = rule.verdict.code
    if not rule.law:
        del fields["law"]
    return "\n[[rules]]\n" + "\n".join(f"{name} = {_quoted(value)}" for name, value in fields.items())


def _quoted(value: str | int) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _decoded(content: bytes | str, source: str) -> str:
    if len(content) > MAX_BYTES:
        raise PolicyError(f"larger than {MAX_BYTES} bytes", "the whole file", place=source)
    try:
        return content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"not UTF-8 at byte {error.start}", "the whole file", place=source) from None


def _policy(data: Mapping[str, Any]) -> Policy:
    _check_fields(data, _POLICY_FIELDS, None)
    inputs = data.get("inputs", [])
    if not all(isinstance(name, str) for name in inputs):
        raise PolicyError("every input is a column name in quotes", "inputs")
    rules = tuple(_rule(entry, place) for place, entry in enumerate(data["rules"]))
    return Policy(data["name"], data["version"], rules, tuple(inputs))


def _rule(entry: Any, place: int) -> Rule:
    if not isinstance(entry, dict):
        raise PolicyError("a rule is a [[rules]] table", "rules", place)
    _check_fields(entry, _RULE_FIELDS, place)
    try:
        verdict = Verdict.of(entry["verdict"])
    except ValueError as error:
        raise PolicyError(str(error), "verdict", place) from None
    return Rule(**{**entry, "verdict": verdict})


def _check_fields(data: Mapping[str, Any], fields: Mapping[str, tuple[type, bool]], rule: int | None) -> None:
    for field in data:
        if field not in fields:
            raise PolicyError(f"unknown field; {nearest(field, list(fields))}", field, rule)
    for field, (kind, needed) in fields.items():
        if needed and field not in data:
            raise PolicyError(f"missing; write it as {_KINDS[kind]}", field, rule)
        if field in data and type(data[field]) is not kind:
            raise PolicyError(f"must be {_KINDS[kind]}, not {type(data[field]).__name__}", field, rule)
