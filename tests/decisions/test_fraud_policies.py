"""The first policies for fraud: every rule on both sides of its edges, on features that exist."""

from __future__ import annotations

import pytest

from jingwei.decisions import CompiledPolicy, compile_policy, parse_policy, to_toml
from jingwei.domains.fraud.features import FRAUD
from jingwei.domains.fraud.policy import FIRST_POLICIES, first_policy, policy_text
from jingwei.features.definition import Feature

COLUMNS = (*(definition.name for definition in FRAUD), "fraud_score")

DIGESTS = {
    ("card_payment", 1): "e8a889c3dbe83818224a2d750fa7fc4c87d86b579550af591e1d457696fe8d66",
    ("outgoing_transfer", 1): "ed5ee566efa829cb442fa87ae1ef660296f3b7ae00de42cebb20be96ebf130db",
}

QUIET = {
    "amount_minor": 4_000,
    "fraud_score": 0.01,
    "hour": 12,
    "paid_to_mean_30d": 1,
    "payments_1h": 1,
    "payments_24h": 3,
    "payments_30d": 60,
    "paid_24h_minor": 12_000,
    "paid_mean_30d_minor": 4_000,
    "terminal_mean_30d_minor": 4_000,
    "payee_age_s": 864_000,
    "device_age_s": 30 * 86_400,
    "device_customers_7d": 1,
}

CARD = """
                                                                                              = allow
fraud_score 0.5999                                                                            = allow
fraud_score 0.60                                                                              = step_up fraud_possible
fraud_score 0.8999                                                                            = step_up fraud_possible
fraud_score 0.90                                                                              = hold    fraud_likely
fraud_score 1 amount_minor 22000                                                              = hold    fraud_likely
fraud_score 0.98 amount_minor 22001                    = refuse  fraud_almost_certain fraud_likely amount_over_220
fraud_score 0.979 amount_minor 22001                                        = hold    fraud_likely amount_over_220
fraud_score 0.98 paid_to_mean_30d 5 payments_30d 9                          = refuse  fraud_almost_certain fraud_likely
amount_minor 22000                                                                            = allow
amount_minor 22001                                                                            = step_up amount_over_220
amount_minor 22001 paid_to_mean_30d 4 payments_30d 5       = hold    amount_over_220_and_unusual amount_over_220
amount_minor 22001 paid_to_mean_30d 4 payments_30d 4                                          = step_up amount_over_220
amount_minor 22001 paid_to_mean_30d 3.99 payments_30d 9                                       = step_up amount_over_220
amount_minor 5000 paid_to_mean_30d 5 payments_30d 10                                          = hold    amount_five_times_usual
amount_minor 5000 paid_to_mean_30d 5 payments_30d 9                                           = allow
amount_minor 4999 paid_to_mean_30d 5 payments_30d 10                                          = allow
amount_minor 5000 paid_to_mean_30d 4.99 payments_30d 10                                       = step_up amount_three_times_usual
amount_minor 5000 paid_to_mean_30d 3 payments_30d 10                                          = step_up amount_three_times_usual
amount_minor 5000 paid_to_mean_30d 2.99 payments_30d 10                                       = allow
amount_minor 5000 paid_to_mean_30d 3 payments_30d 9                                           = allow
amount_minor 5000 paid_deviations_30d 5 payments_30d 20                                       = step_up amount_outside_your_pattern
amount_minor 5000 paid_deviations_30d 4.99 payments_30d 20                                    = allow
amount_minor 5000 paid_deviations_30d 5 payments_30d 19                                       = allow
amount_minor 4999 paid_deviations_30d 5 payments_30d 20                                       = allow
amount_minor 10000 terminal_mean_30d_minor 1249                                               = step_up amount_unusual_for_terminal
amount_minor 10000 terminal_mean_30d_minor 1250                                               = allow
amount_minor 9999 terminal_mean_30d_minor 1000                                                = allow
terminal_fraud_share_7d_delay_7d 0.8 terminal_frauds_30d_delay_7d 10 = hold terminal_compromised terminal_suspicious
terminal_fraud_share_7d_delay_7d 0.79 terminal_frauds_30d_delay_7d 10                         = step_up terminal_suspicious
terminal_fraud_share_7d_delay_7d 0.8 terminal_frauds_30d_delay_7d 9                           = step_up terminal_suspicious
terminal_fraud_share_7d_delay_7d 0.5 terminal_frauds_30d_delay_7d 3                           = step_up terminal_suspicious
terminal_fraud_share_7d_delay_7d 0.49 terminal_frauds_30d_delay_7d 3                          = allow
terminal_fraud_share_7d_delay_7d 0.5 terminal_frauds_30d_delay_7d 2                           = allow
customer_frauds_28d 2 paid_to_mean_30d 3                                                      = hold    card_used_by_fraudster
customer_frauds_28d 1 paid_to_mean_30d 3                                                      = allow
customer_frauds_28d 2 paid_to_mean_30d 2.99                                                   = allow
customer_frauds_28d 1 paid_to_mean_30d 2 amount_minor 10000                                   = step_up card_reported_before
customer_frauds_28d 1 paid_to_mean_30d 1.99 amount_minor 10000                                = allow
customer_frauds_28d 1 paid_to_mean_30d 2 amount_minor 9999                                    = allow
customer_frauds_28d 0 paid_to_mean_30d 2 amount_minor 10000                                   = allow
payments_1h 5                                                                                 = allow
payments_1h 6                                                                                 = step_up many_payments_in_an_hour
payments_1h 11                                                                                = step_up many_payments_in_an_hour
payments_1h 12                                                                                = hold    very_many_payments_in_an_hour
payments_24h 19                                                                               = allow
payments_24h 20                                                                               = step_up very_many_payments_in_a_day
paid_24h_minor 100001 paid_mean_30d_minor 6666                                                = step_up day_total_far_above_usual
paid_24h_minor 100000 paid_mean_30d_minor 6666                                                = allow
paid_24h_minor 100001 paid_mean_30d_minor 6667                                                = allow
hour 5 amount_minor 10000 paid_to_mean_30d 2.5                                                = step_up large_at_night
hour 6 amount_minor 10000 paid_to_mean_30d 2.5                                                = allow
hour 5 amount_minor 9999 paid_to_mean_30d 2.5                                                 = allow
hour 5 amount_minor 10000 paid_to_mean_30d 2.4                                                = allow
fraud_score nan                                                                               = hold    input_missing
payments_1h nan fraud_score 0.9                                                               = hold    input_missing fraud_likely
payees_24h nan device_age_s nan                                                               = allow
"""  # noqa: E501

TRANSFER = """
                                                                                              = allow
fraud_score 0.5999                                                                            = allow
fraud_score 0.60                                                                              = step_up fraud_possible
fraud_score 0.90                                                                              = hold    fraud_likely
fraud_score 0.98                                                                              = refuse  fraud_almost_certain
payee_age_s 86399 amount_minor 499999                                                   = allow
payee_age_s 86399 amount_minor 500000                                                   = step_up large_to_new_payee
payee_age_s 86400 amount_minor 500000                                                   = allow
payee_age_s 86399 amount_minor 4999999                                                  = step_up large_to_new_payee
payee_age_s 86399 amount_minor 5000000                                                  = hold    very_large_to_new_payee
payee_age_s 86399 amount_minor 20000000 device_age_s 3599 = refuse takeover_pattern very_large_to_new_payee new_device_to_new_payee
payee_age_s 86399 amount_minor 20000000 device_age_s 3600      = hold very_large_to_new_payee new_device_to_new_payee
payee_age_s 86399 amount_minor 19999999 device_age_s 0         = hold very_large_to_new_payee new_device_to_new_payee
payee_age_s 86399 amount_minor 1000000 device_age_s 86399      = hold new_device_to_new_payee large_to_new_payee
payee_age_s 86399 amount_minor 1000000 device_age_s 86400                               = step_up large_to_new_payee
payee_age_s 86399 amount_minor 999999 device_age_s 86399                                = step_up large_to_new_payee
payee_age_s 86400 amount_minor 200000 device_age_s 86399                                = step_up large_from_new_device
payee_age_s 86400 amount_minor 199999 device_age_s 86399                                = allow
payee_age_s 86400 amount_minor 200000 device_age_s 86400                                = allow
payee_age_s 86399 amount_minor 200000 device_age_s 86399                                = allow
device_customers_7d 3                                                                         = allow
device_customers_7d 4                                                                         = step_up device_shared_by_several
device_customers_7d 7                                                                         = step_up device_shared_by_several
device_customers_7d 8                                                                         = hold    device_shared_by_many
payers_24h 20 payee_age_s 86399 amount_minor 100000                                     = hold    payee_collects_from_many
payers_24h 19 payee_age_s 86399 amount_minor 100000                                     = allow
payers_24h 20 payee_age_s 86400 amount_minor 100000                                     = allow
payers_24h 20 payee_age_s 86399 amount_minor 99999                                      = allow
payees_24h 7                                                                                  = allow
payees_24h 8                                                                                  = step_up many_payees_in_a_day
payments_1h 5                                                                                 = allow
payments_1h 6                                                                                 = step_up many_transfers_in_an_hour
payments_1h 19                                                                                = step_up many_transfers_in_an_hour
payments_1h 20                                                                                = hold    very_many_transfers_in_an_hour
paid_to_mean_30d 4 payments_30d 5 amount_minor 300000                                         = step_up far_above_usual
paid_to_mean_30d 3.99 payments_30d 5 amount_minor 300000                                      = allow
paid_to_mean_30d 4 payments_30d 4 amount_minor 300000                                         = allow
paid_to_mean_30d 4 payments_30d 5 amount_minor 299999                                         = allow
hour 5 payee_age_s 86399 amount_minor 200000                                            = step_up large_to_new_payee_at_night
hour 6 payee_age_s 86399 amount_minor 200000                                            = allow
hour 5 payee_age_s 86400 amount_minor 200000                                            = allow
hour 5 payee_age_s 86399 amount_minor 199999                                            = allow
hour 5 payee_age_s 86399 amount_minor 500000                                            = step_up large_to_new_payee
customer_frauds_28d 1 payee_age_s 86399 amount_minor 100000                             = hold    defrauded_recently
customer_frauds_28d 0 payee_age_s 86399 amount_minor 100000                             = allow
customer_frauds_28d 1 payee_age_s 86400 amount_minor 100000                             = allow
customer_frauds_28d 1 payee_age_s 86399 amount_minor 99999                              = allow
amount_minor 99999999                                                                         = allow
amount_minor 100000000                                                                        = hold    extremely_large
device_age_s nan                                                                              = hold    input_missing
fraud_score nan                                                                               = hold    input_missing
terminal_payments_7d nan terminal_mean_30d_minor nan                                          = allow
"""  # noqa: E501

COMPILED = {name: compile_policy(first_policy(name), COLUMNS) for name in FIRST_POLICIES}
LINES = [
    *(("card_payment", line) for line in CARD.strip("\n").splitlines()),
    *(("outgoing_transfer", line) for line in TRANSFER.strip("\n").splitlines()),
]


def case_of(written: str) -> list[float]:
    words = written.split()
    changes = dict(zip(words[::2], map(float, words[1::2]), strict=True))
    assert set(changes) <= set(COLUMNS)
    return [float((QUIET | changes).get(name, 0.0)) for name in COLUMNS]


def check(compiled: CompiledPolicy, line: str) -> list[str]:
    written, _, expected = line.rpartition("=")
    verdict, *codes = expected.split()
    decision = compiled.decide(*compiled.row(case_of(written)))
    assert (decision.verdict.code, list(decision.codes)) == (verdict, codes)
    return codes


@pytest.mark.parametrize(("policy", "line"), LINES)
def test_each_rule_on_both_sides_of_its_edges(policy, line):
    check(COMPILED[policy], line)


@pytest.mark.parametrize("name", FIRST_POLICIES)
def test_every_rule_has_its_lines_above(name):
    shown = {code for policy, line in LINES if policy == name for code in line.rpartition("=")[2].split()[1:]}
    assert shown - {"input_missing"} == {rule.code for rule in first_policy(name).rules}


@pytest.mark.parametrize("name", FIRST_POLICIES)
def test_a_policy_may_not_change_without_a_new_version(name):
    policy = first_policy(name)
    assert policy.name == name
    assert policy.digest == DIGESTS[policy.name, policy.version]
    assert parse_policy(to_toml(policy)) == policy
    assert parse_policy(policy_text(name)) == policy


@pytest.mark.parametrize(
    ("name", "least", "entities"),
    (
        ("card_payment", 14, {"customer", "terminal"}),
        ("outgoing_transfer", 12, {"customer", "payee", "device"}),
    ),
)
def test_a_policy_reads_only_what_such_a_payment_has(name, least, entities):
    policy = first_policy(name)
    assert len(policy.rules) >= least
    by_name = {definition.name: definition for definition in FRAUD}
    for read in set(policy.inputs) - {"fraud_score"}:
        feature = by_name[read]
        if isinstance(feature, Feature):
            assert {feature.by} <= entities if isinstance(feature.by, str) else set(feature.by) <= entities
