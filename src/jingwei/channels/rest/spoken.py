"""The interface reference in Chinese, and what each request field means in both languages."""

from __future__ import annotations

from jingwei.channels.rest.spoken_family import CHINESE_FAMILY, GROUPS_FAMILY, MEANINGS_FAMILY
from jingwei.channels.rest.spoken_insight import CHINESE_INSIGHT
from jingwei.channels.rest.spoken_knowing import CHINESE_KNOWING, GROUPS_KNOWING, MEANINGS_KNOWING
from jingwei.channels.rest.spoken_lending import CHINESE_LENDING, GROUPS_LENDING, MEANINGS_LENDING
from jingwei.channels.rest.spoken_staff import CHINESE_STAFF, MEANINGS_STAFF
from jingwei.channels.rest.spoken_work import CHINESE_WORK, MEANINGS_WORK

GROUPS = {
    "payments": ("Payments", "付款"),
    "customers": ("Customers", "客户"),
    "accounts": ("Accounts", "账户"),
    "holds": ("Holds", "预授权"),
    "decisions": ("Decisions", "决定"),
    "step-ups": ("Step-ups", "本人确认"),
    "cases": ("Cases", "案件"),
    "fraud": ("Fraud", "欺诈"),
    "policies": ("Policies", "策略"),
    "day-end": ("Day-end", "日终"),
    "schedules": ("Scheduled payments", "预约付款"),
    "words": ("Codes", "代码"),
    "audit": ("Audit", "审计"),
    "health": ("Health", "运行状况"),
    "consents": ("Consents", "同意"),
    "cards": ("Cards", "银行卡"),
    "pots": ("Pots", "存钱罐"),
} | GROUPS_FAMILY | GROUPS_LENDING | GROUPS_KNOWING

CHINESE = {
    # summaries and descriptions of operations
    "Make a payment": "付款",
    "Decide and book a payment: 201 with result allowed, stepped_up, held or refused, and why.\n\n"
    "Without `type` the body is a transfer.": (
        "对付款作出决定并入账：返回201，结果为allowed（通过）、stepped_up（需本人确认）、held（人工核实"
        "）或refused（拒绝），并附理由。\n\n"
        "不写`type`时按转账处理。"
    ),
    "Take on a customer": "新增客户",
    "Take on a customer with a first account; staff only.": "新增客户并开立首个账户；仅限银行内部。",
    "Open an account": "开户",
    "Open an account under a product; customers open their own.": "按产品开户；客户只能为自己开户。",
    "Accounts": "账户列表",
    "One's own accounts; staff see all, or one customer's with `?owner=`.": (
        "客户看到自己的账户；员工看到全部，或用`?owner=`查看某一客户的账户。"
    ),
    "Freeze an account": "冻结账户",
    "Stop money going in, out or both, or lift that again.": "停止收款、付款或两者，或解除。",
    "Set limits": "设置限额",
    "Change an account's limits; customers may lower, staff raise.": "调整账户限额；客户可调低，员工可调高。",
    "Close an account": "销户",
    "Close an account and pay out what is left.": "销户并付出余额。",
    "Pay in": "存入",
    "Money comes into an account from outside the bank.": "资金从行外进入账户。",
    "Exchange currencies": "兑换货币",
    "One currency for another, as two linked movements of one entry.": (
        "一种货币换另一种，同一分录内的两笔关联变动。"
    ),
    "Capture a hold": "扣取预授权",
    "Move all or part of what a card authorisation holds.": "扣取银行卡预授权的全部或部分金额。",
    "Release a hold": "解除预授权",
    "Give back what a hold still keeps.": "归还仍被预授权占用的金额。",
    "Reverse an entry": "冲正",
    "Undo all movements of a decision, once.": "撤销一项决定的全部资金变动，仅限一次。",
    "Answer a step-up": "答复本人确认",
    "Confirm or deny a stepped-up payment; only its customer can.": (
        "确认或否认待确认的付款；只有该客户本人可以。"
    ),
    "Answer a case": "处理案件",
    "Release or refuse a held payment; staff only, and never one's own.": (
        "放行或拒绝待核实的付款；仅限员工，且不得处理自己的付款。"
    ),
    "Report a payment as fraud": "报告欺诈付款",
    "Say that an earlier payment was fraud; features and models learn it as known from now.": (
        "说明先前的一笔付款是欺诈；特征与模型自此刻起知晓。"
    ),
    "Publish a policy version": "发布策略版本",
    "Judge by this policy from the next record on.": "自下一条记录起按此策略判断。",
    "Policies in force": "现行策略",
    "The rules in force, in the words customers are told; staff only.": (
        "现行规则及告知客户的措辞；仅限银行内部。"
    ),
    "Close a bank day": "日终处理",
    "Expire holds, accrue interest, post it at the end of a period, take fees; payments go on "
    "meanwhile.\n\nThe day itself is the key: asking again, also after a crash, does what is left and "
    "no more.": (
        "预授权到期失效，计提利息，期末入账，收取费用；期间付款照常。\n\n"
        "日期本身就是幂等键：再次请求（包括崩溃之后）只做剩下的部分。"
    ),
    "One account": "单个账户",
    "An account with its balances.": "账户及其余额。",
    "A statement": "对账单",
    "The account's lines, newest first, each with the balance after it.": (
        "账户明细，新的在前，每条附其后余额。"
    ),
    "Cases that wait": "待处理案件",
    "Held payments and loans that wait for a person, oldest first; staff only, who lend see loans.": (
        "等待人工处理的付款和贷款，旧的在前；仅限银行内部，只办贷款的员工只见贷款。"
    ),
    "One case": "单个案件",
    "A case with the payment it is about; staff only.": "案件及其相关付款；仅限银行内部。",
    "One step-up": "单项本人确认",
    "A step-up exactly as it must be confirmed; its customer and staff see it.": (
        "须按原样确认的内容；该客户与员工可见。"
    ),
    "All codes": "全部代码",
    "Every code a problem or refusal can carry, with its words.": "问题与拒绝可能携带的全部代码及其文字。",
    "One code": "单个代码",
    "What one code means.": "某个代码的含义。",
    "Why a decision was made": "决定的理由",
    "A decision in words: its reasons in zh and en; for staff also what each rule read and the score.": (
        "以文字说明决定：理由有中英文；员工还可见每条规则读取的数值与评分。"
    ),
    "Proof of a decision": "决定的证明",
    "A file that `tools/verify_proof.py` checks without trusting the bank.": (
        "一份证明文件，`tools/verify_proof.py`无需信任银行即可验证。"
    ),
    "The signed head of the log": "日志的签名头",
    "How many records there are and their root, signed at most once a second; for anybody to keep.": (
        "记录总数与根，由银行签名（至多每秒一次）；任何人都可留存。"
    ),
    "Whether the process lives": "进程是否存活",
    "Always 200 while the process answers; it says when a model made by hand scores for a lost one.": (
        "只要进程能答复即为200；若模型丢失而由人工模型代为评分，则予说明。"
    ),
    "Whether payments can be taken": "能否受理付款",
    "200 while the bank can write; 503 from the moment its store fails until it can write again.": (
        "银行能写入时为200；自存储故障起至恢复写入为503。"
    ),
    "Figures for Prometheus": "供Prometheus采集的指标",
    "Decisions by result, latencies, batch sizes.": "按结果统计的决定、延迟与批量大小。",
    "Undo a payment": "撤回付款",
    "Take back a payment that still waits; only its customer can.": (
        "撤回尚未汇出的付款；只有该客户本人可以。"
    ),
    "Schedule a payment": "预约付款",
    "Have a payment made by itself, once or every week or month; each is judged like any other.": (
        "让付款自动办理，一次、每周或每月；每一笔都照常判断。"
    ),
    "Cancel a scheduled payment": "取消预约付款",
    "Make no more payments of a schedule; only its customer can.": (
        "不再办理该预约的付款；只有该客户本人可以。"
    ),
    "Keep a payee": "保存收款人",
    "Keep an account one pays under a name; only customers keep payees.": (
        "以姓名保存一个收款账户；只有客户可以保存收款人。"
    ),
    # parameters and answers
    "Your own key, new for every request: asking again with it returns the same bytes.": (
        "自定的幂等键，每个新请求用新的键；用同一个键再问，答复逐字节相同。"
    ),
    "`next` of the page before": "上一页的`next`",
    "How many at most": "至多几条",
    "Made": "已创建",
    "Done": "已办理",
    "Found": "已找到",
    "The request cannot be read": "无法读取请求",
    "Who asks is not known": "不知请求者是谁",
    "Not yours to ask": "无权办理",
    "Not yours to see": "无权查看",
    "Not found": "未找到",
    "It is no longer so": "情况已变",
    "Not yet": "尚未到时",
    "Too large": "过大",
    "Not JSON": "不是JSON",
    "A parameter is wrong": "参数有误",
    "A field, or the books, do not allow it": "字段不合要求，或账务不允许",
    "The store failed": "存储故障",
    "The store failed; ask again with the same key": "存储故障；请用同一个键重试",
    # types
    "What became of a payment: `result` is allowed, stepped_up, held or refused.\n\n"
    "A stepped-up payment is answered at /v1/step-ups/{challenge}, one that waits is undone at "
    "/v1/pending-payments/{pending}/undo; `score` is shown to staff alone.": (
        "付款的结果：`result`为allowed、stepped_up、held或refused。\n\n"
        "待本人确认的付款在/v1/step-ups/{challenge}答复，尚未汇出的在/v1/pending-payments/{pending}/undo撤回；"
        "`score`仅员工可见。"
    ),
    "A reason as told: its code and its sentence in both languages.": "告知的理由：代码与中英文。",
    "A refusal as told inside an answer.": "答复中告知的拒绝。",
    "A problem as sent: RFC 9457's members, then ours.": "问题答复：先是RFC 9457的成员，再是本行的。",
    "Send money from `payer` to another account of the bank.": "从`payer`向本行另一账户转账。",
    "A decimal number as text, with at most the places of its currency: 12.30": (
        "十进制文本，小数位不超过其币种：12.30"
    ),
    "Pay at `terminal` with the card of account `payer`; with `capture` false the amount is only held.": (
        "用账户`payer`的银行卡在`terminal`付款；`capture`为false时只作预授权。"
    ),
    "What a request came to. `made` is the id of what it created, `about` the decision it continues.": (
        "请求的结果。`made`是所创建之物的id，`about`是其承接的决定。"
    ),
    "Money that moved.": "资金变动。",
    "How a day-end went: accounts closed, and those left out because their books do not hang together.": (
        "日终结果：已处理的账户，以及因账务不一致而略过的账户。"
    ),
    "Whose; for staff alone": "所属客户；仅员工可用",
    "Yes": "是",
    "Not now": "暂不可用",
    "Figures": "指标",
    "The process lives; `why` says what it has to do without.": "进程存活；`why`说明其缺失之物。",
    "Whether payments can be taken, and why not.": "能否受理付款，以及为何不能。",
    "One page; `next` is the cursor of the one after it, null at the end.": (
        "一页；`next`是下一页的游标，末页为null。"
    ),
    "An account and its money: `available` is what can be paid out now.": (
        "账户及其资金：`available`是现在可付出的金额。"
    ),
    "Newest lines first; `next` is the cursor of the older page, null at the account's beginning.": (
        "新的在前；`next`是更早一页的游标，到账户起点为null。"
    ),
    "One line of a statement; an amount below zero was paid out. `decision` is the record that booked it.": (
        "对账单的一条明细；负数为付出。`decision`是入账的那条记录。"
    ),
    "Work for a person: the held payment, why it waits and until when.": (
        "人工事项：待核实的付款、原因与期限。"
    ),
    "A step-up as the customer must see and repeat it.": "客户须看到并照样复述的确认内容。",
    "A policy in force: its name, version, digest, the model beside it and its rules.": (
        "现行策略：名称、版本、摘要、配套模型与规则。"
    ),
    "One rule of a policy as staff read it.": "策略中的一条规则，供员工阅读。",
    "A kind of problem or refusal.": "一种问题或拒绝。",
    "One record in words. Fields that are not shown to the caller are left out.": (
        "以文字说明的一条记录；不向调用者展示的字段略去。"
    ),
    "A reason in both languages; what its rule asked for and read is shown to staff alone.": (
        "中英文的理由；规则的条件与读数仅员工可见。"
    ),
    "What one feature added to a score, in log-odds, and its sentences.": (
        "某个特征对评分的贡献（对数几率）及其说明。"
    ),
    "What ties one record to a head the bank signed; `tools/verify_proof.py` checks it.": (
        "把一条记录与银行签名头联系起来的证明；可用`tools/verify_proof.py`验证。"
    ),
    "Give a consent": ("同意"),
    "Let the bank read one's data for a purpose that rests on consent; customers only, for themselves.": (
        "同意银行为某一目的读取本人数据；仅限客户本人。"
    ),
    "Take back a consent": ("撤回同意"),
    "Nothing is read under it from the next request on.": ("自下一个请求起，不再据此读取任何数据。"),
    "Say whose data will be read": ("登记数据使用"),
    "Check the consents of these customers and count the use; staff only.": (
        "核对这些客户的同意并计入使用次数；仅限银行内部。"
    ),
    "See which offer suits": ("查看适合的优惠"),
    "Read for marketing: refused unless the customer agrees; staff only.": (
        "为营销目的读取：客户未同意则拒绝；仅限员工。"
    ),
    "Ask to be forgotten": ("申请删除"),
    "End every consent and record the wish; what the law makes the bank keep stays.": (
        "撤回全部同意并登记申请；法律要求保存的数据予以保留。"
    ),
    "Issue a card": ("发卡"),
    "One more card on an account, for good or for one payment.": ("为账户增发一张卡，长期有效或仅用一次。"),
    "Freeze a card": ("冻结银行卡"),
    "A frozen card does not pay until it is set free again.": ("冻结的卡在解冻前不能付款。"),
    "Change a card": ("修改银行卡"),
    "A card's name, limits and pot; or its end.": ("卡的名称、限额与存钱罐；或注销。"),
    "Open a pot": ("开立存钱罐"),
    "Money set aside in an account of its own.": ("在独立账户中存放的钱。"),
    "Move money of a pot": ("存钱罐转入转出"),
    "Into the pot, out of it, or all of it back.": ("转入、转出，或全部取回。"),
    "Purposes and consents": ("目的与同意"),
    "Every purpose with its ground, its data, whether the customer agrees, and its last uses.": (
        "每个目的的依据、数据、客户是否同意，以及最近的使用。"
    ),
    "Cards": ("银行卡列表"),
    "One's own cards; staff name the customer.": ("本人的卡；员工须指明客户。"),
    "Pots": ("存钱罐列表"),
    "One's own pots with what is in them; staff name the customer.": (
        "本人的存钱罐及其金额；员工须指明客户。"
    ),
    "How often one reader read data for a purpose on one bank day.": (
        "某一读取者在一个银行日内为某目的读取数据的次数。"
    ),
    "A purpose: what it rests on, what it reads, whether it may now, since when, and its last uses.": (
        "一个目的：依据、读取的数据、现在是否允许、自何时起，以及最近的使用。"
    ),
    "A card with its limits; a limit of null is the account's alone.": (
        "一张卡及其限额；限额为null时只受账户限额约束。"
    ),
    "A pot, what is in it, and its goal.": ("一个存钱罐、其中的金额与目标。"),
    "A reason for reading a customer's data; every read names one.": "读取客户数据的目的；每次读取都须写明。",
    "What a piece of data tells about a person.": "数据反映个人的哪一方面。",
    "The bank's signed word on how many records there are and their root.": "银行对记录总数与根的签名。",
    "Assign a case": "分配案件",
    "Give a case to a member of staff, or back to everybody.": "把案件交给一名员工，或退回公共待办。",
    "Put a case off": "推迟案件",
    "Let a case sleep until a later moment, at most until it is due.": "将案件推迟到稍后，最迟到期之时。",
    "Escalate a case": "升级案件",
    "Hand a case to the second line, once.": "将案件交由二线处理，仅限一次。",
    "Write on a case": "案件备注",
    "Keep a remark on a case.": "为案件添加备注。",
    "Read an identity": "查看身份信息",
    "Record that a customer's identity is read, by whom and what for.": "记录谁为何查看了客户的身份信息。",
} | CHINESE_FAMILY | CHINESE_STAFF | CHINESE_LENDING | CHINESE_INSIGHT | CHINESE_KNOWING | CHINESE_WORK
"""What the OpenAPI document says, in Chinese, by its English text with the spaces made single."""

MEANINGS_PAYMENTS = {
    "some_id": ("The id in the address.", "地址中的编号。"),
    "decision": ("Id of the decision, as answers give it.", "决定的编号，见答复。"),
    "case": ("Id of the case.", "案件编号。"),
    "challenge": ("Id of the step-up, from the payment's answer.", "本人确认的编号，见付款答复。"),
    "code": ("A code of a problem or refusal.", "问题或拒绝的代码。"),
    "status": ("Which cases.", "哪类案件。"),
    "type": ("Which kind of payment.", "付款种类。"),
    "payer": ("The account that pays.", "付款账户。"),
    "payee": ("The account that is paid.", "收款账户。"),
    "terminal": ("Where the card is used.", "刷卡的终端。"),
    "amount": ("How much.", "金额。"),
    "currency": ("The currency of the amounts.", "金额的币种。"),
    "capture": ("Whether it is booked at once.", "是否立即入账。"),
    "device": ("The phone or computer it is asked from.", "发起请求的手机或电脑。"),
    "place": ("Where it is asked from.", "发起请求的地点。"),
    "memo": ("A note on the statement.", "对账单上的附言。"),
    "customer": ("The customer it is for.", "所属客户。"),
    "name": ("The customer's name.", "客户姓名。"),
    "product": ("The product of the account.", "账户的产品。"),
    "kind": ("A person or a company.", "个人或公司。"),
    "born": ("Date of birth.", "出生日期。"),
    "account": ("The account; for a new one, the id it shall have.", "账户；新开户时为所要的编号。"),
    "opening": ("What is paid in at once.", "开户时存入的金额。"),
    "source": ("The account the opening amount comes from.", "开户金额的来源账户。"),
    "DepositAsk.source": ("Cash at the counter, or clearing from another bank.", "柜台现金，或他行清算。"),
    "DepositAsk.account": ("The account that is paid into.", "存入的账户。"),
    "direction": ("What is stopped: money in, out or both.", "停止的方向：收、付或两者。"),
    "on": ("True freezes, false lifts it.", "true为冻结，false为解除。"),
    "reason": ("Why, for the record.", "原因，留作记录。"),
    "payment": ("The payment's decision id.", "该付款的决定编号。"),
    "LimitsAsk.payment": ("Most in one payment; null is no limit.", "单笔上限；null为不限。"),
    "LimitsAsk.day": ("Most in one day; null is no limit.", "单日上限；null为不限。"),
    "month": ("Most in one month; null is no limit.", "单月上限；null为不限。"),
    "overdraft": (
        "How far below zero; staff alone raise it. Null leaves it.",
        "透支额度；仅员工可调高；null为不变。",
    ),
    "ClosureAsk.payee": ("The account that gets what is left.", "接收余额的账户。"),
    "ExchangeAsk.payee": ("The account that gets the other currency.", "收到另一币种的账户。"),
    "rate": ("Units of the payee's currency for one of the payer's.", "每单位付款币种可换的收款币种数量。"),
    "margin_bp": ("The bank's margin in basis points.", "银行点差，单位为基点。"),
    "confirm": ("True: it is mine. False: it is not.", "true：是本人；false：不是。"),
    "StepUpAsk.payee": ("The payee that was shown.", "所展示的收款人。"),
    "StepUpAsk.amount": ("The amount that was shown.", "所展示的金额。"),
    "release": ("True lets the payment go, false refuses it.", "true为放行，false为拒绝。"),
    "comment": ("Why, for the record.", "理由，留作记录。"),
    "text": ("The whole policy file, in TOML.", "策略文件全文，TOML格式。"),
    "day": ("The bank day (UTC+8) to close.", "要结束的银行日（东八区）。"),
    "undo_s": (
        "How many seconds it waits and can be undone; null: as long as the customer prefers.",
        "等待并可撤回的秒数；null为按客户的设置。",
    ),
    "every": ("Once, every week or every month.", "一次、每周或每月。"),
    "first": ("The bank day (UTC+8) of the first payment.", "首次付款的银行日（东八区）。"),
    "until": ("The last day it holds or is made on; empty: no end.", "有效或可付款的最后一天；空为无期限。"),
    "PayeeAsk.name": ("The name you know this payee by.", "您为该收款人填写的姓名。"),
    "PayeeAsk.account": ("The account you pay.", "您付款的账户。"),
    "owner": ("Whose accounts; for staff alone.", "谁的账户；仅员工可用。"),
    "after": ("Where to go on.", "从何处继续。"),
    "limit": ("How many at most.", "至多几条。"),
    "purpose": ("What the data is used for.", "数据用于何种目的。"),
    "data": (
        "Which kinds of data; none named means all the purpose needs.",
        "哪些数据；不写则为该目的所需的全部。",
    ),
    "customers": ("Whose data.", "谁的数据。"),
    "why": ("Why, as the customer will read it.", "原因，客户会看到。"),
    "label": ("What you call the card.", "卡的名称。"),
    "one_time": ("True: good for one payment.", "true：仅限一次付款。"),
    "CardFreezeAsk.on": ("True freezes the card, false sets it free.", "true为冻结，false为解冻。"),
    "CardTermsAsk.payment": ("Most in one payment with this card.", "该卡单笔上限。"),
    "CardTermsAsk.day": ("Most in one day with this card.", "该卡单日上限。"),
    "round_up": ("The pot that gets what is missing to the next whole unit.", "凑整存入的存钱罐。"),
    "close": ("True ends the card for good.", "true为注销。"),
    "goal": ("What you want to reach.", "目标金额。"),
    "PotMoveAsk.direction": ("Into the pot, out of it, or all of it back.", "转入、转出，或全部取回。"),
    "PotAsk.name": ("What you call the pot.", "存钱罐的名称。"),
    "card": ("The card that pays.", "付款所用的卡。"),
    "to": ("The member of staff, such as staff:lin; empty is nobody.", "员工，如staff:lin；为空即无人。"),
    "free_only": ("Leave a case that somebody has with them.", "已有人受理的案件保持不变。"),
    "SnoozeAsk.until": ("When the case shall wake up.", "案件恢复待办的时刻。"),
    "NoteAsk.text": ("What is to be remembered.", "备注内容。"),
    "outcome": ("What the alert was worth: a label for training.", "该预警的结论：用作训练标签。"),
    "ReviewAsk.reason": ("The reason for the answer.", "处理意见的原因。"),
    "ShowingAsk.purpose": ("What it is read for.", "查看的目的。"),
    "ShowingAsk.case": ("The case it is read for.", "所涉案件。"),
}
MEANINGS_OF = (
    MEANINGS_PAYMENTS, MEANINGS_FAMILY, MEANINGS_STAFF, MEANINGS_LENDING, MEANINGS_KNOWING, MEANINGS_WORK,
)  # fmt: skip
MEANINGS = {name: said for one in MEANINGS_OF for name, said in one.items()}
"""What a field means, in English and Chinese, by name or by type and name; no name is in two parts."""


def meaning(lang: str, type_name: str, field: str) -> str:
    """What a request field means in "en" or "zh"; "" when nothing is said of it."""
    en, zh = MEANINGS.get(f"{type_name}.{field}") or MEANINGS.get(field) or ("", "")
    return zh if lang == "zh" else en
