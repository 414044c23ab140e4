"""Policies: what may stand in one, errors that name line and field, and the digest that marks a version."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jingwei.decisions.policy import (
    MAX_BYTES,
    Policy,
    PolicyError,
    Rule,
    Verdict,
    load_policy,
    parse_policy,
    to_toml,
)

GOOD = """# How transfers are looked at.
name = "transfers"
version = 3

[[rules]]
code = "large"
when = "amount_minor >= 500_000"
verdict = "step_up"
weight = 10
says = "The amount is large."
says_zh = "金额较大。"

[[rules]]
code = "fraud_likely"
when = \"\"\"
fraud_score >= 0.90
  and amount_minor > 100\"\"\"
verdict = "hold"
weight = 90
says = "This looks like fraud."
says_zh = "疑似欺诈。"
law = "反电信网络诈骗法第十八条"
"""
DIGEST = "a8653a9a6254ea48a8df6dec2a2c9b6b5bac59f882f091ad68407a8b7438d8e3"


def test_a_policy_file_is_read_as_written():
    policy = parse_policy(GOOD)
    assert (policy.name, policy.version, policy.inputs) == ("transfers", 3, ("amount_minor", "fraud_score"))
    large, fraud = policy.rules
    assert large == Rule(
        code="large",
        when="amount_minor >= 500_000",
        verdict=Verdict.STEP_UP,
        weight=10,
        says="The amount is large.",
        says_zh="金额较大。",
    )
    assert (fraud.verdict, fraud.law) == (Verdict.HOLD, "反电信网络诈骗法第十八条")


def test_the_digest_is_fixed_and_does_not_depend_on_the_form_of_the_file():
    policy = parse_policy(GOOD)
    assert policy.digest == DIGEST
    assert parse_policy(GOOD.replace("# How transfers are looked at.\n", "\n\n")).digest == DIGEST
    assert parse_policy('inputs = ["fraud_score", "amount_minor"]\n' + GOOD).digest == DIGEST
    assert parse_policy(GOOD.replace("\n", "\r\n").replace('"""\r\n', '"""\n')).digest == DIGEST
    assert parse_policy(to_toml(policy)) == policy
    assert parse_policy(to_toml(policy)).digest == DIGEST


CHANGES = {
    "name": "other",
    "version": 4,
}


def test_any_change_changes_the_digest():
    policy = parse_policy(GOOD)
    first, second = policy.rules
    digests = {policy.digest}
    for field, value in CHANGES.items():
        digests.add(msgspec.structs.replace(policy, **{field: value}).digest)
    rule_changes = {
        "code": "larger",
        "when": "amount_minor > 500_000",
        "verdict": Verdict.HOLD,
        "weight": 11,
        "says": "The amount is larger.",
        "says_zh": "金额很大。",
        "law": "反洗钱法第二十八条",
    }
    assert set(rule_changes) == set(Rule.__struct_fields__)
    for field, value in rule_changes.items():
        changed = msgspec.structs.replace(first, **{field: value})
        digests.add(msgspec.structs.replace(policy, rules=(changed, second)).digest)
    digests.add(msgspec.structs.replace(policy, rules=(second, first)).digest)
    assert len(digests) == 1 + len(CHANGES) + len(rule_changes) + 1


WRONG = [
    # (replace this, by this, line, field, what is said)
    ('name = "transfers"', 'name = "Überweisung"', 2, "name", "lower-case letters"),
    ('name = "transfers"\n', "", 1, "name", "missing; write it as text in quotes"),
    ("version = 3", "version = 0", 3, "version", "must be from 1"),
    ("version = 3", f"version = {10**30}", 3, "version", "must be from 1"),
    ("version = 3", "version = true", 3, "version", "must be a whole number, not bool"),
    ("version = 3", 'version = "3"', 3, "version", "must be a whole number, not str"),
    ("version = 3", "version = 3\nowner = 1", 4, "owner", "unknown field"),
    ("version = 3", "version = 3\ninputs = [1]", 4, "inputs", "column name in quotes"),
    ("version = 3", 'version = 3\ninputs = ["fraud_score"]', 8, "when", "unknown name 'amount_minor'"),
    (
        "version = 3",
        'version = 3\ninputs = ["fraud_score", "amount_minor", "hour"]',
        4,
        "inputs",
        "no rule reads 'hour'",
    ),
    ("version = 3", 'version = 3\ninputs = ["amount_minor", "amount_minor"]', 4, "inputs", "named twice"),
    ('code = "large"\n', "", 5, "code", "missing"),
    ('code = "large"', 'code = "Large"', 6, "code", "is not a code"),
    ('code = "large"', 'code = "la"', 6, "code", "is not a code"),
    ('code = "large"', 'code = "input_missing"', 6, "code", "is kept for"),
    ('code = "large"', 'cod = "large"', 6, "cod", "did you mean 'code'?"),
    ('code = "fraud_likely"', 'code = "large"', 14, "code", "the same as in rule 1 (large)"),
    ("amount_minor >= 500_000", "amount_minor => 500_000", 7, "when", "line 1, column 14: '='"),
    ("amount_minor >= 500_000", "amount_minor.real > 1", 7, "when", "line 1, column 13: '.' cannot be used"),
    (
        "  and amount_minor > 100",
        "  and amount_minor.x > 1",
        15,
        "when",
        "line 2, column 19: '.' cannot be used",
    ),
    (
        "amount_minor >= 500_000",
        "fraud_score>=0.90 and amount_minor > 100",
        15,
        "when",
        "the same as in rule 1",
    ),
    ('"step_up"', '"stepup"', 8, "verdict", "known: allow, step_up, hold, refuse"),
    ('"step_up"', "2", 8, "verdict", "must be text in quotes, not int"),
    ("weight = 10", "weight = 0", 9, "weight", "not from 1 to 100"),
    ("weight = 10", "weight = 101", 9, "weight", "not from 1 to 100"),
    ("weight = 10", "weight = 10.0", 9, "weight", "must be a whole number, not float"),
    ('"The amount is large."', '""', 10, "says", "a sentence of 1 to 200"),
    ('"The amount is large."', '"' + "x" * 201 + '"', 10, "says", "a sentence of 1 to 200"),
    ('"The amount is large."', '"Two\\nlines."', 10, "says", "on one line"),
    ('"The amount is large."', '"金额较大。"', 10, "says", "has Chinese characters"),
    ('"This looks like fraud."', '"The amount is large."', 20, "says", "the same as in rule 1 (large)"),
    ('"金额较大。"', '"Large."', 11, "says_zh", "has no Chinese character"),
    ('"疑似欺诈。"', '"金额较大。"', 21, "says_zh", "the same as in rule 1 (large)"),
    ('law = "', 'law = "\\u0007', 22, "law", "on one line"),
    ("[[rules]]", "[[rule]]", 5, "rule", "did you mean 'rules'?"),
]


@pytest.mark.parametrize(("old", "new", "line", "field", "said"), WRONG)
def test_errors_name_line_and_field(old, new, line, field, said):
    assert old in GOOD
    with pytest.raises(PolicyError) as refused:
        parse_policy(GOOD.replace(old, new, -1 if old == "[[rules]]" else 1), "transfers.toml")
    assert f"transfers.toml, line {line}," in str(refused.value) or f"line {line}:" in str(refused.value)
    assert f"field {field}: " in str(refused.value)
    assert said in str(refused.value)


UNREADABLE = {
    b"": "missing",
    b"rules = []\nname='x'\nversion=1": "0 rules; from 1 to 64",
    b"name = ": "not readable as TOML",
    b"name = 'x'\nname = 'y'": "not readable as TOML",
    b"\xff\xfe": "not UTF-8 at byte 0",
    b"name = '\x00'": "not readable as TOML",
    b"a = " + b"[" * 5_000: "not readable|nested",
    b"rules = [1]\nname='x'\nversion=1": "a rule is a",
    b"rules = {}\nname='x'\nversion=1": "must be a list",
    b"#" * (MAX_BYTES + 1): "larger than",
}


@pytest.mark.parametrize("content", UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_file_that_is_no_policy_is_refused(content, tmp_path):
    path = tmp_path / "made_up.toml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=UNREADABLE[content]) as refused:
        load_policy(path)
    assert "made_up.toml" in str(refused.value)


def test_with_known_columns_other_names_are_refused():
    assert parse_policy(GOOD, known=("fraud_score", "amount_minor", "hour")).version == 3
    with pytest.raises(PolicyError, match=r"line 15, rule 2, field when: .*did you mean 'fraud_scores'"):
        parse_policy(GOOD, known=("fraud_scores", "amount_minor"))


def test_verdicts_go_from_mild_to_strict_and_have_codes():
    assert Verdict.ALLOW < Verdict.STEP_UP < Verdict.HOLD < Verdict.REFUSE
    assert [verdict.code for verdict in Verdict] == ["allow", "step_up", "hold", "refuse"]
    assert [Verdict.of(verdict.code) for verdict in Verdict] == list(Verdict)


printable = st.text(st.characters(exclude_categories=("C", "Z")), max_size=30)


@settings(max_examples=100, deadline=None)
@given(printable, printable, printable)
def test_any_sentences_survive_being_written_and_read(says, says_zh, law):
    says = "Said: " + "".join(c for c in says if not "\u4e00" <= c <= "\u9fff")
    rule = Rule(
        code="any", when="a > 1", verdict=Verdict.REFUSE, weight=1, says=says, says_zh="说" + says_zh, law=law
    )
    policy = Policy("any", 1, (rule,))
    assert parse_policy(to_toml(policy)) == policy
