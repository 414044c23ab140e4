"""What is usual for the customer before the last two weeks, and how long a terminal has been reported."""

from __future__ import annotations

from typing import Any, Final

from jingwei.domains.fraud.whose import SERVED, labels, of_customer, of_terminal, times_usual
from jingwei.features.definition import (
    COUNT,
    MAX,
    SUM,
    Definition,
    Derived,
    amount_over,
    fraud_count,
    fraud_share,
    share,
    window,
)
from jingwei.features.terms import ratio
from jingwei.kernel.purpose import DataClass


def usual(total: Any, count: Any, recent_total: Any, recent_count: Any) -> Any:
    """Mean of the payments before the recent ones; the mean of all when there are none before."""
    return ratio(total - recent_total, count - recent_count, ratio(total, count, 0.0))


USUAL: Final[tuple[Definition, ...]] = (
    of_customer(
        "payments_14d",
        window(days=14),
        COUNT,
        "How many payments you made in the last 14 days, this one included.",
        "您最近14天的付款笔数（含本笔）。",
    ),
    of_customer(
        "payments_90d",
        window(days=90),
        COUNT,
        "How many payments you made in the last 90 days, this one included.",
        "您最近90天的付款笔数（含本笔）。",
    ),
    of_customer(
        "paid_14d_minor",
        window(days=14),
        SUM,
        "How much you paid in the last 14 days, this payment included.",
        "您最近14天的付款总额（含本笔）。",
    ),
    of_customer(
        "paid_90d_minor",
        window(days=90),
        SUM,
        "How much you paid in the last 90 days, this payment included.",
        "您最近90天的付款总额（含本笔）。",
    ),
    Derived(
        "paid_usual_minor",
        ("paid_90d_minor", "payments_90d", "paid_14d_minor", "payments_14d"),
        usual,
        "Your average payment of the last 90 days, the last 14 left out.",
        "您最近90天（不计最近14天）的平均付款金额。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "paid_to_usual",
        ("amount_minor", "paid_usual_minor"),
        times_usual,
        "How many times your usual payment, the last 14 days left out, this payment is.",
        "本笔金额是您平时付款（不计最近14天）的多少倍。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "paid_max_7d_to_usual",
        ("paid_max_7d_minor", "paid_usual_minor"),
        times_usual,
        "How many times your usual payment the largest payment of the last 7 days is.",
        "您最近7天最大单笔付款是平时付款的多少倍。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "paid_mean_7d_to_usual",
        ("paid_mean_7d_minor", "paid_usual_minor"),
        times_usual,
        "How many times your usual payment the average payment of the last 7 days is.",
        "您最近7天平均付款是平时付款的多少倍。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    labels(
        "terminal_fraud_share_3d_delay_7d",
        "terminal",
        window(days=3),
        fraud_share(window(days=7)),
        "Which part of this terminal's payments of the 3 days ending a week ago is known to be fraud.",
        "该终端截至一周前的3天付款中已知欺诈的比例。",
    ),
    labels(
        "terminal_fraud_share_14d_delay_7d",
        "terminal",
        window(days=14),
        fraud_share(window(days=7)),
        "Which part of this terminal's payments of the 14 days ending a week ago is known to be fraud.",
        "该终端截至一周前的14天付款中已知欺诈的比例。",
    ),
    labels(
        "terminal_frauds_7d_delay_28d",
        "terminal",
        window(days=7),
        fraud_count(window(days=28)),
        "How many of this terminal's payments of the week ending 28 days ago are known to be fraud.",
        "该终端截至28天前的一周付款中已知欺诈的笔数。",
    ),
    of_terminal(
        "terminal_max_8d_minor",
        window(days=8),
        MAX,
        "The largest payment at this terminal in the last 8 days.",
        "该终端最近8天的最大单笔收款。",
    ),
    of_terminal(
        "terminal_max_14d_minor",
        window(days=14),
        MAX,
        "The largest payment at this terminal in the last 14 days.",
        "该终端最近14天的最大单笔收款。",
    ),
    of_terminal(
        "terminal_max_30d_minor",
        window(days=30),
        MAX,
        "The largest payment at this terminal in the last 30 days.",
        "该终端最近30天的最大单笔收款。",
    ),
    of_terminal(
        "terminal_share_over_150_14d",
        window(days=14),
        share(amount_over(15_000)),
        "Which part of this terminal's payments of the last 14 days was over 150.00.",
        "该终端最近14天的收款中超过150.00的比例。",
    ),
)
