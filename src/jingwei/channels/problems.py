"""Why a request was not taken: every code with its HTTP status and its sentence in zh and en (RFC 9457)."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from jingwei.channels.in_chinese import in_chinese
from jingwei.kernel.refusal import REFUSALS, Refusal, Words

MEDIA_TYPE = "application/problem+json"
DECIDED = 201
"""Status of a payment that was decided, whatever the decision: the decision is what was made."""


class Kind(NamedTuple):
    """A kind of problem: its HTTP status and its sentence, whose blanks a case fills."""

    status: int
    words: Words


PROBLEMS: dict[str, Kind] = {
    "body_too_large": Kind(413, Words("The body is larger than {most} bytes.", "请求体超过{most}字节。")),
    "body_not_json_type": Kind(
        415,
        Words(
            "Send the body as application/json, not as {found}.",
            "请求体须为application/json，而不是“{found}”。",
        ),
    ),
    "body_encoded": Kind(
        415,
        Words("Send the body without Content-Encoding {found}.", "请求体不得使用Content-Encoding“{found}”。"),
    ),
    "body_not_json": Kind(400, Words("The body is not JSON: {why}.", "请求体不是有效的JSON：{why_zh}。")),
    "field_not_valid": Kind(422, Words("{where}: {why}.", "字段{where}不合要求：{why_zh}。")),
    "amount_not_valid": Kind(422, Words("{where}: {why}.", "金额{where}不合要求：{why_zh}。")),
    "key_missing": Kind(
        400,
        Words(
            "Send the header Idempotency-Key with a key of your own, new for every request.",
            "请在Idempotency-Key请求头中提供自定的幂等键，每个新请求用新的键。",
        ),
    ),
    "key_not_valid": Kind(
        400,
        Words(
            "Idempotency-Key must be one header of 1 to 255 visible ASCII characters.",
            "Idempotency-Key只能出现一次，且须为1至255个可见ASCII字符。",
        ),
    ),
    "not_identified": Kind(
        401,
        Words(
            "Say who you are: send Authorization: Bearer with a token from `jingwei tokens`.",
            "请表明身份：在Authorization请求头中提供Bearer令牌（见 jingwei tokens）。",
        ),
    ),
    "not_allowed": Kind(403, Words("You may not do this.", "您没有办理此项业务的权限。")),
    "proof_needed": Kind(
        403,
        Words(
            "A payment is confirmed by its customer in the app, with a passkey or a one-time code.",
            "付款须由客户本人在手机银行以通行密钥或动态验证码确认。",
        ),
    ),
    "not_found": Kind(404, Words("There is nothing here.", "这里没有您要的内容。")),
    "decision_not_found": Kind(404, Words("There is no such decision.", "没有这项决定。")),
    "method_not_allowed": Kind(
        405, Words("This address does not take {method}.", "该地址不接受{method}方法。")
    ),
    "store_failed": Kind(
        503,
        Words(
            "The bank could not write this down, so ask again with the same key: {why}.",
            "银行暂时无法记账，请用同一个幂等键重试：{why_zh}。",
        ),
    ),
    "request_not_valid": Kind(400, Words("The request cannot be read: {why}.", "无法读取该请求：{why_zh}。")),
    "request_too_slow": Kind(
        408, Words("The request was not whole after {most} seconds.", "请求在{most}秒内未传完。")
    ),
    "headers_too_large": Kind(
        431, Words("Address and headers are larger than {most} bytes.", "地址与请求头超过{most}字节。")
    ),
    "bug": Kind(
        500,
        Words(
            "A mistake of ours; it was noted and nothing was done.",
            "系统出现错误，已记录；您的请求没有执行。",
        ),
    ),
}
"""Problems of requests; refusals of the bank have their own words in kernel.refusal."""

NOT_FOUND = frozenset(
    {
        "account_not_found",
        "card_not_found",
        "pot_not_found",
        "case_not_found",
        "challenge_not_found",
        "customer_not_found",
        "hold_not_found",
        "decision_not_found",
        "product_not_found",
        "appeal_not_found",
        "loan_not_found",
        "application_not_found",
        "line_not_found",
        "purchase_not_found",
        "warning_not_found",
        "not_linked",
        "version_not_found",
        "tie_not_found",
        "offer_not_found",
        "audience_not_found",
        "pending_not_found",
        "schedule_not_found",
        "draft_not_found",
        "loan_product_not_found",
    }
)
FORBIDDEN = frozenset({"not_allowed", "own_work", "decided_before", "not_the_guardian", "child_cannot_end"})
CONFLICT = frozenset(
    {
        "account_exists",
        "audience_same",
        "offer_answered",
        "already_reported",
        "already_reversed",
        "case_closed",
        "case_escalated",
        "case_taken",
        "challenge_closed",
        "challenge_expired",
        "consent_missing",
        "hold_not_active",
        "already_appealed",
        "loan_consent_missing",
        "loan_offer_over",
        "loan_signed_another",
        "loan_not_running",
        "purchase_split_before",
        "line_not_open",
        "warning_answered",
        "linked_already",
        "appeal_closed",
        "person_looks_already",
        "tie_exists",
        "tie_not_open",
        "tie_ended",
        "frozen_by_bank",
        "second_person_needed",
    }
)


class Problem(Exception):
    """A request that is not taken. `where` is a JSON pointer into the body, when one field is to blame."""

    def __init__(self, code: str, where: str = "", **detail: str) -> None:
        super().__init__(code)
        self.code, self.where, self.detail = code, where, detail

    @property
    def kind(self) -> Kind:
        """Its status and words; a refusal of the bank can be one too."""
        return kind_of(self.code)

    @property
    def told(self) -> Words:
        """Its sentence in both languages, the blanks filled."""
        where = self.where.lstrip("/").replace("/", ".") or "body"
        detail = {"where": where, "why_zh": in_chinese(self.detail.get("why", ""))}
        return self.kind.words.told(detail | self.detail)


def not_stored(error: Exception) -> Problem:
    """The problem of a store that failed: what the asker may know of it. The log has the rest."""
    return Problem("store_failed", why=getattr(error, "advice", "it cannot be read or written now"))


class Body(msgspec.Struct, omit_defaults=True):
    """A problem as sent: RFC 9457's members, then ours."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    zh: str
    en: str
    pointer: str = ""
    decision: str = ""


def kind_of(code: str) -> Kind:
    """Status and words of a problem or refusal. Raises KeyError for an unknown code."""
    return PROBLEMS.get(code) or Kind(status_of(code), REFUSALS[code])


def status_of(code: str) -> int:
    """HTTP status of a refusal of the bank."""
    if code in NOT_FOUND:
        return 404
    if code in FORBIDDEN:
        return 403
    return 409 if code in CONFLICT else 422


def body_of(problem: Problem) -> bytes:
    """The problem+json bytes of a request that is not taken."""
    status, words = problem.kind
    return _encode(problem.code, status, words, problem.told, problem.where)


def refusal_body(refusal: Refusal, decision: str = "") -> tuple[int, bytes]:
    """Status and problem+json bytes of something the bank refused; `decision` is the record that says so."""
    status = status_of(refusal.code)
    return status, _encode(refusal.code, status, REFUSALS[refusal.code], refusal.words(), "", decision)


def _encode(code: str, status: int, title: Words, told: Words, where: str, decision: str = "") -> bytes:
    name = code.replace("_", " ").capitalize()
    return msgspec.json.encode(
        Body(f"/v1/problems/{code}", name, status, told.en, code, told.zh, told.en, where, decision)
    )
