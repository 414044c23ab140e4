"""The bank's first fraud models, made by hand, and which features later ones learn from."""

from __future__ import annotations

from typing import Final

from jingwei.models.card import Card
from jingwei.models.points import Points, PointsModel

CARD_FEATURES: Final = (
    "amount_minor",
    "payments_1h",
    "payments_24h",
    "payments_7d",
    "payments_30d",
    "since_last_payment_s",
    "paid_mean_24h_minor",
    "paid_mean_7d_minor",
    "paid_mean_30d_minor",
    "paid_max_7d_minor",
    "paid_max_30d_minor",
    "paid_deviation_30d_minor",
    "paid_to_mean_30d",
    "paid_usual_minor",
    "paid_to_usual",
    "paid_max_7d_to_usual",
    "paid_mean_7d_to_usual",
    "customer_frauds_28d",
    "terminal_payments_24h",
    "terminal_payments_7d",
    "terminal_payments_30d",
    "terminal_mean_30d_minor",
    "terminal_max_8d_minor",
    "terminal_max_14d_minor",
    "terminal_max_30d_minor",
    "terminal_share_over_150_14d",
    "terminal_fraud_share_1d_delay_7d",
    "terminal_fraud_share_3d_delay_7d",
    "terminal_fraud_share_7d_delay_7d",
    "terminal_fraud_share_14d_delay_7d",
    "terminal_fraud_share_30d_delay_7d",
    "terminal_frauds_30d_delay_7d",
    "terminal_frauds_28d",
    "terminal_fraud_share_28d",
    "terminal_frauds_7d_delay_28d",
)
"""What a model of card fraud learns from. The time of day and of the week is left out: it told nothing."""

TRANSFER_FEATURES: Final = (
    "amount_minor", "hour", "payments_1h", "payments_24h", "payees_24h", "paid_24h_minor", "paid_to_mean_30d",
    "paid_deviations_30d", "since_last_payment_s", "payee_age_s", "payers_24h", "device_age_s",
    "device_customers_7d", "night_share_30d", "customer_frauds_28d",
)  # fmt: skip
"""What a model of transfer scams learns from."""

FRAUD_POINTS: Final = (
    Points("amount_minor", (10_000.0, 22_000.0), (0.0, 0.4, 3.5)),
    Points("paid_to_mean_30d", (2.0, 3.0, 5.0), (0.0, 0.6, 1.2, 2.4)),
    Points("paid_deviations_30d", (2.0, 4.0), (0.0, 0.4, 1.0)),
    Points("payments_1h", (3.0, 6.0), (0.0, 0.5, 1.5)),
    Points("terminal_fraud_share_7d_delay_7d", (0.05, 0.3, 0.7), (0.0, 1.0, 2.2, 3.5)),
    Points("terminal_frauds_28d", (1.0, 3.0), (0.0, 0.8, 1.6)),
    Points("customer_frauds_28d", (1.0, 2.0), (0.0, 0.8, 1.6)),
)

SCAM_POINTS: Final = (
    Points("amount_minor", (100_000.0, 1_000_000.0, 5_000_000.0), (0.0, 0.5, 1.2, 2.0)),
    Points("paid_to_mean_30d", (3.0, 10.0), (0.0, 0.6, 1.2)),
    Points("payee_age_s", (86_400.0,), (0.8, 0.0)),
    Points("payers_24h", (5.0, 20.0), (0.0, 1.0, 2.2)),
    Points("payees_24h", (5.0, 10.0), (0.0, 0.7, 1.5)),
    Points("payments_1h", (4.0, 8.0), (0.0, 0.8, 1.6)),
    Points("night_share_30d", (0.5,), (0.0, 0.4)),
)


def _by_hand(name: str, says_en: str, says_zh: str, base: float, table: tuple[Points, ...]) -> PointsModel:
    features = tuple(line.feature for line in table)
    card = Card(name, "1", says_en, says_zh, features, made_by="the makers of the bank", made_at=0)
    return PointsModel(card, base, table)


FIRST_MODELS: Final = {
    "fraud": _by_hand(
        "card fraud, by hand",
        "Points for unusual amounts, speed, and fraud reported at the terminal; chosen by hand, not learned.",
        "按异常金额、频率及终端欺诈举报计分；人工设定，并非由数据训练得出。",
        -5.0,
        FRAUD_POINTS,
    ),
    "scam": _by_hand(
        "transfer scam, by hand",
        "Points for large amounts, new payees and payees paid by many at once; chosen by hand, not learned.",
        "按大额、新收款人及短期内多人付款的收款人计分；人工设定，并非由数据训练得出。",
        -4.5,
        SCAM_POINTS,
    ),
}
"""The first champion of each model slot."""

LEARNED: Final = {
    slot: tuple(dict.fromkeys((*features, *FIRST_MODELS[slot].features)))
    for slot, features in (("fraud", CARD_FEATURES), ("scam", TRANSFER_FEATURES))
}
"""What is gathered to retrain the model of each slot: also all that the first champion reads."""
