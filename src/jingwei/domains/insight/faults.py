"""What can be wrong with a row of a source, in words for whoever repairs it: what it is, what to do."""

from __future__ import annotations

from typing import Final, NamedTuple

from jingwei.kernel.refusal import Words


class Said(NamedTuple):
    """A fault in words: what is wrong and what to do; {found} is what stood there."""

    says: Words
    fix: Words


FAULTS: Final[dict[str, Said]] = {
    "empty": Said(
        Words("This column must hold something and is empty.", "该列不能为空。"),
        Words("fill it in at the source", "请在来源系统补齐"),
    ),
    "not_a_moment": Said(
        Words("{found} is not a moment.", "{found} 不是时间。"),
        Words(
            "write it as 2026-03-01T08:30:00, or say its unit in the mapping",
            "请写成 2026-03-01T08:30:00，或在映射中写明单位",
        ),
    ),
    "out_of_time": Said(
        Words("{found} is before 1900 or after the import.", "{found} 早于 1900 年或晚于导入时间。"),
        Words("check the unit and the time zone in the mapping", "请检查映射中的单位与时区"),
    ),
    "not_a_date": Said(
        Words("{found} is not a date.", "{found} 不是日期。"),
        Words("write it as 1990-05-31, 19900531 or the year alone", "请写成 1990-05-31、19900531 或仅写年份"),
    ),
    "not_a_number": Said(
        Words("{found} is not a whole number.", "{found} 不是整数。"),
        Words("write digits alone", "请只写数字"),
    ),
    "not_an_amount": Said(
        Words("{found} is not an amount in this currency.", "{found} 不是该币种的金额。"),
        Words(
            'write it as 12.34, or whole minor units with unit = "minor"',
            '请写成 12.34，或以最小单位整数并写明 unit = "minor"',
        ),
    ),
    "below_zero": Said(
        Words("{found} is below zero, which this kind does not have.", "{found} 小于零，该类事件不允许。"),
        Words(
            'say sign = "either" in the mapping if that is meant', '若确有此意，请在映射中写 sign = "either"'
        ),
    ),
    "too_large": Said(
        Words("{found} is larger than any amount the bank takes.", "{found} 超出银行可接受的最大数值。"),
        Words("check the unit in the mapping", "请检查映射中的单位"),
    ),
    "not_a_currency": Said(
        Words("{found} is not a currency the bank knows.", "{found} 不是本行支持的币种。"),
        Words("write its three letters, such as CNY", "请写三位字母代码，例如 CNY"),
    ),
    "unknown_word": Said(
        Words("{found} does not stand in the mapping's list of words.", "{found} 不在映射的取值表中。"),
        Words("add it to `words` in the mapping", "请将其加入映射的 words"),
    ),
    "not_found": Said(
        Words("{found} does not stand in the file it is looked up in.", "{found} 在对照文件中不存在。"),
        Words(
            "bring the newer file and import again (rows with a row_key come in once), or leave look_up out",
            "请使用较新的对照文件后重新导入（有 row_key 的行不会重复），或去掉对照",
        ),
    ),
    "too_long": Said(
        Words("The text is longer than 200 characters.", "文本超过 200 个字符。"),
        Words("shorten it, or do not map this column", "请缩短，或不映射该列"),
    ),
    "bad_character": Said(
        Words("The text holds a character that is not allowed.", "文本含有不允许的字符。"),
        Words("remove control characters at the source", "请在来源系统去除控制字符"),
    ),
    "not_utf8": Said(
        Words("The line is not in the encoding the mapping names.", "该行编码与映射所写不符。"),
        Words("say the file's encoding in the mapping, such as gb18030", "请在映射中写明编码，例如 gb18030"),
    ),
    "quote_open": Said(
        Words("A quotation mark is opened and never closed.", "引号未闭合。"),
        Words("close it, or double it inside a quoted text", "请闭合引号，或在引号内写成两个"),
    ),
    "line_too_long": Said(
        Words("The line is longer than a row may be.", "该行超出允许长度。"),
        Words("check that the file is text with one row a line", "请确认文件为每行一条的文本"),
    ),
    "columns_differ": Said(
        Words("The row does not have as many columns as the header.", "该行列数与表头不一致。"),
        Words("quote texts that hold the delimiter", "含分隔符的文本请加引号"),
    ),
    "nested": Said(
        Words("This holds a list or an object.", "此处为列表或对象。"),
        Words("write a plain value, or do not map this column", "请写成单个值，或不映射该列"),
    ),
    "not_json": Said(
        Words("The line is not a JSON object.", "该行不是 JSON 对象。"),
        Words("write one object on each line", "请每行写一个对象"),
    ),
}
"""Every fault by its code."""


class RowFault(ValueError):
    """A row cannot be taken: the column, the code of what is wrong, and what stood there."""

    def __init__(self, column: str, code: str, found: object = "") -> None:
        super().__init__(f"{column}: {code}")
        self.column = column
        self.code = code
        self.found = shown(found)


def shown(found: object) -> str:
    """What stood there, short and printable."""
    text = str(found)[:60]
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def told(code: str, found: str) -> tuple[Words, Words]:
    """A fault in words: what is wrong, what to do."""
    said = FAULTS[code]
    return said.says.told({"found": found}), said.fix
