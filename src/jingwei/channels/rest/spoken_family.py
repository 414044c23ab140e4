"""What the interface says of appeals, call-backs, family ties and preferences, in both languages."""

from __future__ import annotations

GROUPS_FAMILY = {"appeals": ("Appeals and people", "申诉与人工"), "family": ("Family", "亲情服务")}

CHINESE_FAMILY = {
    "Appeal against a decision": "对决定提出申诉",
    "Ask a person to look again at a refused payment of one's own; once for each decision.": (
        "请工作人员重新核实本人被拒绝的付款；每项决定可申诉一次。"
    ),
    "Answer an appeal": "答复申诉",
    "Say whether a decision stands; staff only, and never who decided before.": (
        "答复原决定是否维持；仅限员工，且不得为原经办人。"
    ),
    "One appeal": "单项申诉",
    "An appeal with its answer; its customer and staff see it.": "申诉及其答复；该客户与员工可见。",
    "An appeal: against which decision, until when it is answered, and the answer.": (
        "申诉：针对哪项决定、答复期限与答复内容。"
    ),
    "Ask for a person": "请求人工回电",
    "Ask that somebody of the bank calls back.": "请求银行工作人员回电。",
    "Close a call-back": "办结回电",
    "Say that the customer was called; staff only.": "登记已回电；仅限员工。",
    "Offer a family tie": "发起亲情关联",
    "Offer that one customer looks after or sees the accounts of another.": (
        "发起由一位客户照看或查看另一位客户的账户。"
    ),
    "Accept a family tie": "同意亲情关联",
    "Say yes to a tie; only who was asked can.": "同意关联；仅被邀请方可以。",
    "End a family tie": "解除亲情关联",
    "End a tie at once, or turn an offer down; either side can, a child under 18 a guardian's not.": (
        "立即解除关联或拒绝邀请；双方均可，未满18周岁者不能解除监护关联。"
    ),
    "Look after a child's account": "照看未成年人账户",
    "Set the limits of a child's account, and freeze or free it; its guardian only.": (
        "设置未成年人账户限额，冻结或解冻；仅限监护人。"
    ),
    "Family ties": "亲情关联列表",
    "One's own ties: those offered, those active, those ended.": "本人的关联：待同意、生效与已解除的。",
    "What a tie shows": "关联可见内容",
    "The accounts that an active tie shows to its keeper, each with its newest lines.": (
        "生效的关联向照看方展示的账户，及各账户的最新明细。"
    ),
    "A tie between two customers and where it stands.": "两位客户之间的关联及其状态。",
    "An account as a tie shows it, with its newest lines first.": "经关联可见的账户，最新明细在前。",
    "Set preferences": "设置偏好",
    "Elder mode, and how long payments wait before they go.": "长辈版，以及付款发出前等待的时间。",
}

MEANINGS_FAMILY = {
    "AppealAsk.text": ("Why the decision is wrong, in one's own words.", "申诉理由，用自己的话说明。"),
    "AppealAsk.decision": ("The decision appealed against.", "所申诉的决定。"),
    "overturn": ("True: the decision was wrong. False: it stands.", "true：原决定有误；false：维持原决定。"),
    "words": ("What the customer is told.", "告知客户的话。"),
    "topic": ("What the call is about.", "来电事由。"),
    "TieAsk.kind": ("A guardian looks after, a helper only sees.", "guardian可照看，helper仅可查看。"),
    "whose": ("Whose accounts it is about.", "谁的账户。"),
    "keeper": ("Who looks after or sees them.", "由谁照看或查看。"),
    "LookAfterAsk.account": ("The child's account.", "未成年人的账户。"),
    "LookAfterAsk.payment": ("Most in one payment; null is no limit.", "单笔上限；null为不限。"),
    "LookAfterAsk.day": ("Most in one day; null is no limit.", "单日上限；null为不限。"),
    "frozen": ("True: nothing goes out of the account.", "true：账户暂停付款。"),
    "elder": ("Elder mode on or off.", "是否使用长辈版。"),
    "PreferAsk.undo_s": ("How many seconds payments wait.", "付款等待的秒数。"),
    "appeal": ("Id of the appeal.", "申诉的编号。"),
    "tie": ("Id of the family tie.", "亲情关联的编号。"),
}
