"""What the interface says of the view of a customer over all systems, in both languages."""

from __future__ import annotations

CHINESE_INSIGHT = {
    "A customer over all systems": "客户全景视图",
    "Who, accounts, products, cash flow, timeline, devices, consents and cases: what is allowed.": (
        "按使用目的展示身份、账户、产品、收支、时间线、设备、同意与案件。"
    ),
    "One thing that happened. Amounts are whole minor units, below zero when money went out.": (
        "一件发生的事。金额为最小货币单位的整数，转出为负。"
    ),
    "Who the customer is; masked for staff.": "客户身份；对员工脱敏展示。",
    "What the customer agrees to.": "客户同意的事项。",
    "A case about the customer.": "与该客户有关的案件。",
    "One customer over all systems. `left_out` says which parts the purpose may not see, and why.": (
        "一位客户在所有系统中的情况。`left_out`说明哪些部分因目的所限未予展示及原因。"
    ),
    "A part that was not read, the kind of data it is, and why.": "未读取的部分、数据种类及原因。",
    "A product somebody uses, from what its systems tell. Amounts in minor units, out below zero.": (
        "根据各系统所得的产品使用情况。金额为最小货币单位，支出为负。"
    ),
    "Money that came in and went out in a month (yyyymm), in minor units, out below zero.": (
        "某月（yyyymm）的收入与支出，最小货币单位，支出为负。"
    ),
    "How often something of a kind and category happened, and when last.": "某类事项发生的次数与最近时间。",
    "A system that told something of the customer that may be shown: how much, and when last.": (
        "提供了可展示信息的系统：条数与最近时间。"
    ),
    "What it is looked at for": "查看目的",
    "Why, in words; it is sealed": "原因说明；将封存记录",
}
