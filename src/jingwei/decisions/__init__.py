"""Policies of rules staff can read: parsed once, compiled three ways, deciding with reasons."""

from jingwei.decisions.compiled import CompiledPolicy, compile_policy, decide
from jingwei.decisions.decision import Decision, Reason, weigh
from jingwei.decisions.explain import Explained, explain
from jingwei.decisions.expression import Expression, ExpressionError, parse
from jingwei.decisions.policy import (
    INPUT_MISSING,
    Policy,
    PolicyError,
    Rule,
    Verdict,
    load_policy,
    parse_policy,
    to_toml,
)

__all__ = [
    "INPUT_MISSING",
    "CompiledPolicy",
    "Decision",
    "Explained",
    "Expression",
    "ExpressionError",
    "Policy",
    "PolicyError",
    "Reason",
    "Rule",
    "Verdict",
    "compile_policy",
    "decide",
    "explain",
    "load_policy",
    "parse",
    "parse_policy",
    "to_toml",
    "weigh",
]
