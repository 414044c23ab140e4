"""What the interface says of audiences and offers, in both languages."""

from __future__ import annotations

GROUPS_KNOWING = {"audiences": ("Audiences and offers", "客群与推荐")}

CHINESE_KNOWING = {
    "Save an audience": "保存客群",
    "Keep a condition over tags under a name; every version stays. Customer managers only.": (
        "以名称保存标签条件；各版本均保留。仅限客户经理。"
    ),
    "Answer an offer": "答复推荐",
    "Take an offer or say that it is of no interest; staff may note that nobody answered.": (
        "接受推荐或表示不感兴趣；员工可登记未接通。"
    ),
    "Audiences": "客群列表",
    "Every version of every saved audience, by name; customer managers only.": (
        "已保存客群的全部版本，按名称排列；仅限客户经理。"
    ),
    "Offers": "推荐列表",
    "The newest offers made to oneself, oldest first; staff name the customer with `?owner=`.": (
        "最近向本人作出的推荐，最早在前；员工用 `?owner=` 指定客户。"
    ),
    "What offers bring": "推荐的效果",
    "Who did what their first card was about within 30 days, shown it or not; staff only.": (
        "首次推荐后30天内实际办理的人数，展示与未展示两组对照；仅限员工。"
    ),
    "One group: whose 30 days are over, who of them did it, who still has time.": (
        "一组：已满30天的人数、其中办理的人数、仍在观察期的人数。"
    ),
    "What offers bring: those shown one against the control group, with a 95 % interval.": (
        "推荐的效果：展示组与对照组之比较，附95%区间。"
    ),
    "One version of an audience.": "客群的一个版本。",
    "An offer made to a customer, with the reason in both languages, and what became of it.": (
        "向客户作出的推荐，附中英文理由及结果。"
    ),
}

MEANINGS_KNOWING = {
    "AudienceAsk.name": ("The name of the audience.", "客群名称。"),
    "AudienceAsk.condition": (
        "A condition over tags, such as card_baby_count_30d >= 2 and age_years < 40.",
        "标签条件，例如 card_baby_count_30d >= 2 and age_years < 40。",
    ),
    "OfferAnswerAsk.answer": ("What became of it.", "结果。"),
}
