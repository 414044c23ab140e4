"""The welcome page: what this bank is, how it stands, three payments to try, and where to go next."""

from __future__ import annotations

import shlex
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from jingwei.channels.rest.payments import PATH
from jingwei.channels.rest.shapes import written
from jingwei.channels.rest.sheet import Asked, copied, sheet
from jingwei.channels.words import RESULTS
from jingwei.decisions.policy import parse_policy
from jingwei.kernel.clock import iso
from jingwei.kernel.refusal import REFUSALS, Words
from jingwei.ledger.work import Case

if TYPE_CHECKING:
    from jingwei.channels.rest.desk import Desk

MOST_CASES = 500
"""Open cases are counted up to here; beyond it the page says "or more"."""

ENTRANCE = "/sign-in"
"""Where people come in, when the bank serves its pages."""

SHORT = 16
"""Hex digits shown of a root or digest."""


class Rules(NamedTuple):
    """A policy in force: its name, version and number of rules, and the model digest that scores for it."""

    name: str
    version: int
    rules: int
    slot: str
    model: str


class State(NamedTuple):
    """How the bank stands, without a word about any customer. `head_at` is microseconds UTC, 0 for never."""

    records: int
    root: str
    head_size: int
    head_at: int
    cases: int
    policies: tuple[Rules, ...]


class Try(NamedTuple):
    """A payment to try: its key, what the body holds, what it comes to, its colour, and why."""

    key: str
    body: dict[str, str]
    result: str
    colour: str
    why: Words


TRIES = (
    Try(
        "lunch",
        {"payer": "alice", "payee": "bob", "amount": "68.00", "currency": "CNY", "device": "alice-phone"},
        "allowed",
        "good",
        Words("Lunch, from her own phone.", "午餐，用她自己的手机付款。"),
    ),
    Try(
        "rent",
        {"payer": "alice", "payee": "carol", "amount": "8000.00", "currency": "CNY", "device": "alice-phone"},
        "stepped_up",
        "warn",
        Words(
            "8,000.00 to somebody new: the money is held until she confirms exactly this payee and amount.",
            "向新收款人转出8,000.00：资金先被冻结，待她确认收款人与金额无误后才付出。",
        ),
    ),
    Try(
        "scam",
        {
            "payer": "alice",
            "payee": "mallory",
            "amount": "260000.00",
            "currency": "CNY",
            "device": "new-phone",
        },
        "refused",
        "bad",
        Words(
            "260,000.00 to somebody new from a phone never seen before: how stolen accounts are emptied.",
            "用从未见过的手机向新收款人转出260,000.00：账户被盗后资金往往这样流失。",
        ),
    ),
)
NAMES = {
    "allowed": Words("Allowed", "通过"),
    "stepped_up": Words("Stepped up", "需本人确认"),
    "refused": Words("Refused", "拒绝"),
}
STEPS = (
    (Words("Asked", "请求"), Words("A command with a key of its own.", "一条指令，自带幂等键。")),
    (
        Words("Looked at", "查看"),
        Words("Live features and a model score, exact.", "实时特征与模型评分，分毫不差。"),
    ),
    (
        Words("Decided", "决定"),
        Words(
            "All rules are looked at; each reason is worded in both languages.",
            "逐条审视全部规则；每个理由都有中英文。",
        ),
    ),
    (
        Words("Written once", "一次写入"),
        Words(
            "Books, work and sealed record in one transaction, then the answer.",
            "账务、事项与封存记录同在一个事务，然后答复。",
        ),
    ),
)
DOORS = (
    (
        "/docs",
        Words("Interface reference", "接口说明"),
        Words("Every operation, with examples.", "全部接口，附示例。"),
    ),
    ("/health", Words("Health", "健康"), Words("Whether the process lives.", "进程是否存活。")),
    ("/ready", Words("Ready", "就绪"), Words("Whether payments can be taken.", "能否受理付款。")),
    ("/metrics", Words("Metrics", "指标"), Words("Figures for Prometheus.", "供Prometheus采集。")),
    (
        "/v1/audit/head",
        Words("Audit head", "审计签名头"),
        Words("The signed word on all records; keep a copy.", "银行对全部记录的签名；可留存一份。"),
    ),
    (
        "/v1/problems",
        Words("All codes", "全部代码"),
        Words("Why something was not done, in words.", "每种未办理原因的文字说明。"),
    ),
    ("/openapi.json", Words("OpenAPI", "OpenAPI"), Words("For programs.", "供程序读取。")),
)
ONWARD = (
    ("/docs#answer-a-step-up", Words("Answer a step-up", "答复本人确认")),
    ("/docs#why-a-decision-was-made", Words("Why a decision was made", "决定的理由")),
    ("/docs#proof-of-a-decision", Words("Proof of a decision", "决定的证明")),
)


@lru_cache(maxsize=32)
def _read(text: str) -> tuple[str, int, int]:
    policy = parse_policy(text)
    return policy.name, policy.version, len(policy.rules)


def state_of(desk: Desk) -> State:
    """How the bank stands now. Raises StoreError when the store cannot tell."""
    from jingwei.home import MODEL_SLOTS

    records, root = desk.home.store.root()
    head = desk.home.head()
    policies = []
    for name, slot in MODEL_SLOTS.items():
        text = desk.reader.note(f"policy:{name}")
        if text is not None:
            policies.append(Rules(*_read(text), slot, desk.reader.note(f"model:{slot}") or ""))
    cases = len(desk.reader.find(Case, "status", "open", limit=MOST_CASES))
    signed = (head.size, head.at) if head is not None else (0, 0)
    return State(records, root.hex(), *signed, cases, tuple(policies))


def welcome(asked: Asked, state: State | None, why: str = "", entrance: bool = False) -> str:
    """The page; without a state it says `why` the store cannot tell. `entrance`: people can sign in."""
    title = asked.say("Jingwei, an open intelligent bank", "经纬，开放的智能银行")
    stands = _notice(asked, why) if state is None else _stands(asked, state)
    main = _hero(asked, entrance) + stands + _steps(asked) + _tries(asked) + _doors(asked)
    return sheet(asked, "/", title, main)


def _hero(asked: Asked, entrance: bool) -> str:
    says = asked.say(
        "A payment becomes an explained decision, a booked movement and a sealed record, in one step.",
        "一笔付款，一步之内成为可解释的决定、入账的资金和封存的记录。",
    )
    lead = asked.say(
        "This is Jingwei, an open intelligent bank that runs on your own machine. It is open for business; "
        "demo customers are made up and their money is play money.",
        "这里是经纬，一家运行在您自己机器上的开放智能银行，现已开门；演示客户是虚构的，他们的钱也是虚拟的。",
    )
    door = asked.say("Look around: the app and the desk", "进去看看：客户端与工作台")
    way = f'<p><a class="enter" href="{asked.to(ENTRANCE)}">{door}</a></p>' if entrance else ""
    words = f'<h1>{says}</h1><p class="lead">{lead}</p>{way}'
    return f'<div class="hero"><div>{words}</div>{_picture(asked)}</div>'


def _picture(asked: Asked) -> str:
    """Records woven into one root: leaves below, each pair sealed by the node above."""
    label = asked.say("Records sealed pair by pair into one root", "记录两两封存，汇成一个根")
    nodes = [(24 + 40 * i, 150) for i in range(8)]
    lines, dots, level = [], [], nodes
    while len(level) > 1:
        above = [((a[0] + b[0]) // 2, a[1] - 42) for a, b in zip(level[::2], level[1::2], strict=True)]
        for number, (x, y) in enumerate(level):
            up = above[number // 2]
            lines.append(f"M{x} {y}L{up[0]} {up[1]}")
        dots += [f'<circle cx="{x}" cy="{y}" r="7"/>' for x, y in level]
        level = above
    root = f'<circle cx="{level[0][0]}" cy="{level[0][1]}" r="11"/>'
    return (
        f'<svg viewBox="0 0 328 172" role="img" aria-label="{label}">'
        f'<path d="{"".join(lines)}" fill="none" stroke="currentColor" stroke-width="2" opacity=".6"/>'
        f'<g fill="currentColor">{"".join(dots)}{root}</g></svg>'
    )


def _notice(asked: Asked, why: str) -> str:
    says = asked.say("The bank cannot read its books now:", "银行暂时无法读取账本：")
    return f'<div class="notice" role="status"><b class="bad">{says}</b> {escape(why)}</div>'


def _stands(asked: Asked, state: State) -> str:
    more = asked.say(" or more", "或以上") if state.cases >= MOST_CASES else ""
    tiles = (
        (asked.say("Records sealed", "已封存记录"), f"{state.records:,}", ""),
        (
            asked.say("Root of all records", "全部记录的根"),
            f'<code title="{escape(state.root)}">{escape(state.root[:SHORT])}…</code>',
            asked.say("changes when any record does", "任一记录改动，根即不同"),
        ),
        (asked.say("Last signed head", "最近一次签名"), *_head(asked, state)),
        (
            asked.say("Open cases", "待处理案件"),
            f"{state.cases:,}{more}",
            asked.say("held payments that wait for a person", "等待人工核实的付款"),
        ),
    )
    shown = "".join(
        f'<div class="tile"><dt>{name}</dt><dd>{figure}{f"<small>{note}</small>" if note else ""}</dd></div>'
        for name, figure, note in tiles
    )
    heading = asked.say("How the bank stands", "银行现状")
    return f'<h2 id="state">{heading}</h2><dl class="tiles">{shown}</dl>{_judges(asked, state)}'


def _head(asked: Asked, state: State) -> tuple[str, str]:
    """The figure and the note of the tile of the last signed head."""
    if not state.head_at:
        return asked.say("none yet", "尚无"), asked.say(
            "ask /v1/audit/head to sign one", "访问/v1/audit/head即签"
        )
    at = iso(state.head_at)
    said = asked.say(f"at {state.head_size:,} records", f"含{state.head_size:,}条记录")
    since = state.records - state.head_size
    later = asked.say(f"; {since:,} since", f"；其后又有{since:,}条") if since > 0 else ""
    return f'<time datetime="{at}">{at[:10]} {at[11:16]}</time>', f"UTC, {said}{later}"


def _judges(asked: Asked, state: State) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(one.name)}</code></td>"
        f"<td>{asked.say(f'version {one.version}', f'第{one.version}版')}, "
        f"{asked.say(f'{one.rules} rules', f'{one.rules}条规则')}</td>"
        f"<td>{_model(asked, one)}</td></tr>"
        for one in state.policies
    )
    heads = (
        asked.say("Policy in force", "现行策略"),
        asked.say("Version", "版本"),
        asked.say("Model in force", "现行模型"),
    )
    columns = "".join(f'<th scope="col">{name}</th>' for name in heads)
    return (
        f'<div class="box scroll"><table class="stack"><thead><tr>{columns}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _model(asked: Asked, one: Rules) -> str:
    if not one.model:
        return asked.say("no model scores", "无模型评分")
    return f'{escape(one.slot)} <code title="{escape(one.model)}">{escape(one.model[:SHORT])}…</code>'


def _steps(asked: Asked) -> str:
    heading = asked.say("How a payment goes", "一笔付款的经过")
    steps = "".join(f"<li><b>{asked.words(name)}</b>{asked.words(says)}</li>" for name, says in STEPS)
    return f'<h2 id="how">{heading}</h2><ol class="steps">{steps}</ol>'


def command(origin: str, one: Try) -> str:
    """The curl command of a payment to try; it reads the token from $TOKEN."""
    return (
        f"curl -s {origin}{PATH} \\\n"
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        f'  -H "Idempotency-Key: {one.key}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(written(one.body))}"
    )


def _tries(asked: Asked) -> str:
    heading = asked.say("Three payments to try", "试三笔付款")
    first = asked.rich(
        "In another terminal, take alice's token first. If the bank was started with `--home DIR`, "
        "write `jingwei --home DIR tokens` here too.",
        "在另一个终端里，先取得alice的令牌。若银行以`--home DIR`启动，"
        "这里也写成`jingwei --home DIR tokens`。",
    )
    token = copied(
        asked, "TOKEN=$(jingwei tokens --show customer:alice)", asked.say("Take the token", "取得令牌")
    )
    after = asked.say(
        "Ask again with the same key and you get the same answer, byte for byte; "
        "a new payment needs a new key.",
        "用同一个幂等键再问一次，得到逐字节相同的答复；新的付款要用新的键。",
    )
    next_ = asked.say(
        "The answer's id leads to its reasons and its proof:", "答复中的id可用来查询理由与证明："
    )
    links = " · ".join(f'<a href="{asked.to(to)}">{asked.words(name)}</a>' for to, name in ONWARD)
    tries = "".join(_try(asked, one) for one in TRIES)
    last = f'<p>{after}</p><p class="links">{next_} {links}</p>'
    return f'<h2 id="try">{heading}</h2><p>{first}</p>{token}{tries}{last}'


def _try(asked: Asked, one: Try) -> str:
    name = NAMES[one.result]
    says = REFUSALS["payment_refused"] if one.result == "refused" else RESULTS[one.result]
    told = asked.say(f"Answer: {says.en}", f"答复：{says.zh}")
    return (
        f'<div class="try"><p><span class="verdict {one.colour}">{asked.words(name)}</span>'
        f"{asked.words(one.why)}</p>"
        f"{copied(asked, command(asked.origin, one), name.zh if asked.lang == 'zh' else name.en)}"
        f'<p class="soft small"><code>"result": "{one.result}"</code> {told}</p></div>'
    )


def _doors(asked: Asked) -> str:
    doors = "".join(
        f'<li><a href="{asked.to(path) if path == "/docs" else path}"><b>{asked.words(name)}</b>'
        f"<span>{asked.words(says)}</span> <code>{path}</code></a></li>"
        for path, name, says in DOORS
    )
    return f'<h2 id="next">{asked.say("Where to go", "接下来")}</h2><ul class="doors">{doors}</ul>'
