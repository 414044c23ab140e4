"""What the bank knows about a payment, its payer and its payee when it looks for fraud."""

from __future__ import annotations

from typing import Any, Final

from jingwei.domains.fraud.usual import USUAL
from jingwei.domains.fraud.whose import RISK, SERVED, labels, of_customer, of_terminal, times_usual
from jingwei.features.definition import (
    AGE,
    COUNT,
    DEVIATION,
    MAX,
    MEAN,
    SUM,
    TIME_SINCE,
    Definition,
    Derived,
    Feature,
    bank_hours,
    distinct,
    fraud_count,
    fraud_share,
    share,
    window,
)
from jingwei.features.terms import choose, ratio
from jingwei.kernel.purpose import DataClass


def unusual(amount: Any, mean: Any, deviation: Any) -> Any:
    """How many deviations the amount lies above the mean; 0 when payments do not differ."""
    return ratio(amount - mean, deviation, 0.0)


def is_weekend(weekday: Any) -> Any:
    """1 on Saturday and Sunday, else 0."""
    return choose(weekday >= 5, 1.0, 0.0)


CUSTOMER: Final[tuple[Feature, ...]] = (
    of_customer(
        "payments_1h",
        window(hours=1),
        COUNT,
        "How many payments you made in the last hour, this one included.",
        "您最近一小时的付款笔数（含本笔）。",
    ),
    of_customer(
        "payments_24h",
        window(hours=24),
        COUNT,
        "How many payments you made in the last 24 hours, this one included.",
        "您最近24小时的付款笔数（含本笔）。",
    ),
    of_customer(
        "payments_7d",
        window(days=7),
        COUNT,
        "How many payments you made in the last 7 days, this one included.",
        "您最近7天的付款笔数（含本笔）。",
    ),
    of_customer(
        "payments_30d",
        window(days=30),
        COUNT,
        "How many payments you made in the last 30 days, this one included.",
        "您最近30天的付款笔数（含本笔）。",
    ),
    of_customer(
        "paid_24h_minor",
        window(hours=24),
        SUM,
        "How much you paid in the last 24 hours, this payment included.",
        "您最近24小时的付款总额（含本笔）。",
    ),
    of_customer(
        "paid_mean_24h_minor",
        window(hours=24),
        MEAN,
        "Your average payment of the last 24 hours.",
        "您最近24小时的平均付款金额。",
    ),
    of_customer(
        "paid_mean_7d_minor",
        window(days=7),
        MEAN,
        "Your average payment of the last 7 days.",
        "您最近7天的平均付款金额。",
    ),
    of_customer(
        "paid_mean_30d_minor",
        window(days=30),
        MEAN,
        "Your average payment of the last 30 days.",
        "您最近30天的平均付款金额。",
    ),
    of_customer(
        "paid_max_7d_minor",
        window(days=7),
        MAX,
        "Your largest payment of the last 7 days.",
        "您最近7天的最大单笔付款。",
    ),
    of_customer(
        "paid_max_30d_minor",
        window(days=30),
        MAX,
        "Your largest payment of the last 30 days.",
        "您最近30天的最大单笔付款。",
    ),
    of_customer(
        "paid_deviation_30d_minor",
        window(days=30),
        DEVIATION,
        "How much your payments of the last 30 days differ from each other.",
        "您最近30天付款金额的波动程度。",
    ),
    of_customer(
        "since_last_payment_s",
        window(days=30),
        TIME_SINCE,
        "Seconds since your previous payment, at most 30 days.",
        "距您上一笔付款的秒数（最多30天）。",
    ),
    of_customer(
        "payees_24h",
        window(hours=24),
        distinct("payee"),
        "How many different people you paid in the last 24 hours.",
        "您最近24小时付款的不同收款人数。",
    ),
    of_customer(
        "terminals_7d",
        window(days=7),
        distinct("terminal"),
        "At how many different terminals you paid in the last 7 days.",
        "您最近7天使用过的不同终端数。",
    ),
    of_customer(
        "night_share_30d",
        window(days=30),
        share(bank_hours(0, 6)),
        "Which part of your payments of the last 30 days fell between midnight and six.",
        "您最近30天付款中发生在零点至六点的比例。",
    ),
    labels(
        "customer_frauds_28d",
        "customer",
        window(days=28),
        fraud_count(),
        "How many of your payments of the last 28 days are known by now to be fraud.",
        "您最近28天的付款中目前已知为欺诈的笔数。",
    ),
    labels(
        "customer_frauds_30d_delay_7d",
        "customer",
        window(days=30),
        fraud_count(window(days=7)),
        "How many of your payments of the 30 days ending a week ago are known to be fraud.",
        "您截至一周前的30天付款中已知为欺诈的笔数。",
    ),
)

TERMINAL: Final[tuple[Feature, ...]] = (
    of_terminal(
        "terminal_payments_24h",
        window(hours=24),
        COUNT,
        "How many payments this terminal took in the last 24 hours.",
        "该终端最近24小时的收款笔数。",
    ),
    of_terminal(
        "terminal_payments_7d",
        window(days=7),
        COUNT,
        "How many payments this terminal took in the last 7 days.",
        "该终端最近7天的收款笔数。",
    ),
    of_terminal(
        "terminal_payments_30d",
        window(days=30),
        COUNT,
        "How many payments this terminal took in the last 30 days.",
        "该终端最近30天的收款笔数。",
    ),
    of_terminal(
        "terminal_mean_7d_minor",
        window(days=7),
        MEAN,
        "The average payment at this terminal in the last 7 days.",
        "该终端最近7天的平均收款金额。",
    ),
    of_terminal(
        "terminal_mean_30d_minor",
        window(days=30),
        MEAN,
        "The average payment at this terminal in the last 30 days.",
        "该终端最近30天的平均收款金额。",
    ),
    labels(
        "terminal_fraud_share_1d_delay_7d",
        "terminal",
        window(days=1),
        fraud_share(window(days=7)),
        "Which part of this terminal's payments of the day ending a week ago is known to be fraud.",
        "该终端一周前那一天的付款中已知欺诈的比例。",
    ),
    labels(
        "terminal_fraud_share_7d_delay_7d",
        "terminal",
        window(days=7),
        fraud_share(window(days=7)),
        "Which part of this terminal's payments of the 7 days ending a week ago is known to be fraud.",
        "该终端截至一周前的7天付款中已知欺诈的比例。",
    ),
    labels(
        "terminal_fraud_share_30d_delay_7d",
        "terminal",
        window(days=30),
        fraud_share(window(days=7)),
        "Which part of this terminal's payments of the 30 days ending a week ago is known to be fraud.",
        "该终端截至一周前的30天付款中已知欺诈的比例。",
    ),
    labels(
        "terminal_frauds_30d_delay_7d",
        "terminal",
        window(days=30),
        fraud_count(window(days=7)),
        "How many of this terminal's payments of the 30 days ending a week ago are known to be fraud.",
        "该终端截至一周前的30天付款中已知欺诈的笔数。",
    ),
    labels(
        "terminal_frauds_28d",
        "terminal",
        window(days=28),
        fraud_count(),
        "How many of this terminal's payments of the last 28 days are known by now to be fraud.",
        "该终端最近28天的付款中目前已知欺诈的笔数。",
    ),
    labels(
        "terminal_fraud_share_28d",
        "terminal",
        window(days=28),
        fraud_share(),
        "Which part of this terminal's payments of the last 28 days is known by now to be fraud.",
        "该终端最近28天的付款中目前已知欺诈的比例。",
    ),
)

TRANSFER: Final[tuple[Feature, ...]] = (
    Feature(
        "payers_24h",
        "payee",
        window(hours=24),
        distinct("customer"),
        "From how many different customers the payee received payments in the last 24 hours.",
        "收款人最近24小时收到多少不同客户的付款。",
        DataClass.BEHAVIOUR,
        RISK,
    ),
    Feature(
        "payee_age_s",
        ("customer", "payee"),
        window(days=90),
        AGE,
        "Seconds since you first tried to pay this payee, looking back 90 days.",
        "距您首次尝试向该收款人付款的秒数（回看90天）。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Feature(
        "device_customers_7d",
        "device",
        window(days=7),
        distinct("customer"),
        "How many different customers paid from this device in the last 7 days.",
        "最近7天使用该设备付款的不同客户数。",
        DataClass.DEVICES,
        RISK,
    ),
    Feature(
        "device_age_s",
        "device",
        window(days=90),
        AGE,
        "Seconds since the first payment from this device, looking back 90 days.",
        "距该设备首次付款的秒数（回看90天）。",
        DataClass.DEVICES,
        RISK,
    ),
)

OWN: Final[tuple[Derived, ...]] = (
    Derived(
        "amount_minor",
        ("amount_minor",),
        lambda amount: amount,
        "The amount of this payment.",
        "本笔付款的金额。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "hour",
        ("hour",),
        lambda hour: hour,
        "The hour of the bank's day at which this payment is made.",
        "本笔付款发生的时刻（小时）。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "weekend",
        ("weekday",),
        is_weekend,
        "Whether this payment is made on a Saturday or Sunday.",
        "本笔付款是否发生在周末。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "paid_to_mean_30d",
        ("amount_minor", "paid_mean_30d_minor"),
        times_usual,
        "How many times your average payment of the last 30 days this payment is.",
        "本笔金额是您最近30天平均付款的多少倍。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
    Derived(
        "paid_deviations_30d",
        ("amount_minor", "paid_mean_30d_minor", "paid_deviation_30d_minor"),
        unusual,
        "How far above your usual payments of the last 30 days this payment is, in standard deviations.",
        "本笔金额高出您最近30天平均水平多少个标准差。",
        DataClass.TRANSACTIONS,
        SERVED,
    ),
)

FRAUD: Final[tuple[Definition, ...]] = CUSTOMER + TERMINAL + TRANSFER + OWN + USUAL
"""Every feature the fraud model and the fraud rules may use, in the order of the matrix's columns."""
