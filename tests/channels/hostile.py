"""A list of more than 500 hostile inputs, each different, in the families that break programs."""

from __future__ import annotations

from typing import NamedTuple

DIGITS = {
    "full-width": 0xFF10, "arabic": 0x0660, "persian": 0x06F0, "devanagari": 0x0966, "bengali": 0x09E6,
    "thai": 0x0E50, "tibetan": 0x0F20, "khmer": 0x17E0, "mongolian": 0x1810, "bold": 0x1D7CE,
    "double-struck": 0x1D7D8, "monospace": 0x1D7F6, "osmanya": 0x104A0, "segmented": 0x1FBF0,
}  # fmt: skip
UNSEEN = (
    0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
    0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2028, 0x2029, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064,
    0x2066, 0x2067, 0x2068, 0x2069, 0x206A, 0x206F, 0x3000, 0x3164, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0,
    0xFFF9, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF, 0x1D173, 0xE0001, 0xE0020, 0xE007F, 0xE0100, 0x10FFFF,
    0xF0000, 0x0085, 0x00A0,
)  # fmt: skip
CONTROLS = tuple(range(0x20)) + (0x7F, 0x80, 0x9B, 0x9C, 0x9D)
NUMBERS = (
    "0", "-0", "+0", "00", "-0.00", "0.0", "1e999", "-1e999", "1e-999", "1E400", "9" * 20, "9" * 400,
    "-" + "9" * 400, "0x10", "0b11", "0o17", "1_000", "1,000.00", "1.000,00", "1 000.00", "１２.３０",
    "①", "½", "Ⅷ", "²", "NaN", "nan", "-nan", "Infinity", "-Infinity", "inf", "∞", "1.", ".5",
    "1.0.0", "--1", "+1.00", "1e3", "1.001", "0.001", "1.0000000000000000000001", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "18446744073709551616", "2147483648", "4294967296",
    "99999999999999.99", "10000000000000.01", "0.30000000000000004", "1f", "1d", "1L", "1n", "$1.00",
    "¥1.00", "1.00CNY", "一百", "壹佰元整", "1。00", "1．00", "1٫00", "1٬000", "0.1e1", "01.00",
    "1\u00a0000",
)  # fmt: skip
DATES = (
    "2016-12-31T23:59:60Z", "2026-02-29", "2026-02-30", "2100-02-29", "0000-00-00", "0000-01-01",
    "9999-12-31", "10000-01-01", "-0001-01-01", "1582-10-10", "1969-12-31", "1970-01-01", "2038-01-19",
    "2038-01-20", "2999-01-01", "2026-13-01", "2026-00-10", "2026-1-1", "2026/01/01", "01.02.2026",
    "2026-W01-1", "2026-001", "20260101", "2026-01-01T00:00:00+99:99", "２０２６-０１-０１",
    "二〇二六年一月一日", "2026年1月1日", "now", "today", "1e9", "2026-01-01\n", " 2026-01-01",
    "2026-06-31",
)  # fmt: skip
STATEMENTS = (
    "' OR '1'='1", "'; DROP TABLE lines;--", '" OR ""="', "1; DELETE FROM records", "admin'--",
    "') OR 1=1--", "1 UNION SELECT * FROM balances", "' AND sleep(5)--", "'; SELECT pg_sleep(5)--",
    "\\'; --", "%' OR 1=1 --", "x' AND 1=(SELECT COUNT(*) FROM keys)--", "'||(SELECT 1)||'",
    "1/**/OR/**/1=1", "ATTACH DATABASE 'x' AS y", "PRAGMA writable_schema=1",
    "$$; DROP SCHEMA public CASCADE; $$", "E'\\x27'", "{$ne: null}", '{"$gt": ""}',
    "true, $where: '1 == 1'", "*)(uid=*))(|(uid=*", "' or count(/*)=1 or 'a'='b",
)  # fmt: skip
PATHS = (
    "../../../../etc/passwd", "..\\..\\..\\windows\\win.ini", "/etc/passwd", "/etc/passwd\0.png",
    "....//....//etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f", "..%c0%af..%c0%afetc",
    "..%252f..%252f", "file:///etc/passwd", "/proc/self/environ", "/dev/zero", "/dev/random",
    "C:\\boot.ini", "\\\\host\\share", "~root", "~/.ssh/id_rsa", "CON", "NUL", "aux.txt", "a/../b", ".",
    "..", "./.", "//", "/", "tokens.json", "keys/signing.pem", "bank.db", "%00", "a%00b", "%0d%0a", ";",
    "?", "#", "a;b", "..;/", "/..%00/",
)  # fmt: skip
SHELL = (
    "; ls -la", "| cat /etc/passwd", "`id`", "$(id)", "$(sleep 5)", "&& reboot", "|| true", "; rm -rf ~",
    "$IFS", "${IFS}", "$HOME", "%PATH%", "\n/bin/sh", "a\nb", "-rf", "--help", "--version", "-h", "-",
    "--", "-1", "--json", "--home=x", "@file", "<(id)", "*", "?*", "!!", "{a,b}", "'", '"', "\\", "\\\\",
    "^", "&", "() { :;}; echo x",
)  # fmt: skip
TEMPLATES = (
    "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{7*7}", "{0}", "{}", "{amount.__class__.__mro__}",
    "%(x)s", "{why}", "{where}", "{{config}}", "{% for x in y %}", "${jndi:ldap://127.0.0.1/a}",
    "${env:HOME}", "{self.__init__.__globals__}", "[[${7*7}]]", "@(1+2)", "{php}echo 1;{/php}",
    "{0.__class__}", "{!r}", "__import__('os').system('id')", "eval('1')", "lambda: 0",
    "c__builtin__\neval\n", "!!python/object:os.x",
)  # fmt: skip
FORMATS = (
    "%s%s%s%s%n", "%n%n%n%n", "%x%x%x%x", "%d", "%99999999s", "%", "%%", "%c", "%p", "{:>99999999}",
    "{:.99999999f}", "\\u0000", "\\n", "\\x00", "\\ud800", "&#x0;", "&#xD800;", "&amp;", "\\N{BULLET}",
)  # fmt: skip
FORMULAE = (
    "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1",
    '=HYPERLINK("http://x","y")', "=IMPORTXML(\"http://127.0.0.1\",\"//a\")", '"=1+1"', "'=1+1", "＝1+1",
    "＋1", "－1", "＠SUM(1)", ";=1+1", ',=1+1', "=DDE(\"cmd\";\"/C calc\";\"x\")", "%0A=1+1",
)  # fmt: skip
MARKUP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "javascript:alert(1)", "<iframe src=//127.0.0.1>", "</title><script>", "<!--", "]]>",
    "<?xml version=\"1.0\"?>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    '<!DOCTYPE l [<!ENTITY a "a"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
    "<a xlink:href='x'/>", "<style>@import'x'</style>", "<b onclick=1>", "&lt;script&gt;", "＜script＞",
    "<ſcript>", "<math><mtext>",
)  # fmt: skip
ADDRESSES = (
    "http://127.0.0.1/", "http://localhost:22", "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/", "http://0/", "http://2130706433/", "http://0x7f000001/",
    "gopher://127.0.0.1:6379/_INFO", "dict://x:1/", "ftp://127.0.0.1", "ldap://127.0.0.1",
    "file://localhost/etc/passwd", "http://①②⑦.⓪.⓪.①/", "//evil", "http://user:pw@127.0.0.1",
    "data:text/html,x", "postgresql://postgres@127.0.0.1/x", "jar:http://x!/",
)  # fmt: skip
LOGS = (
    "a\r\nSet-Cookie: x=1", "a\r\n\r\nHTTP/1.1 200 OK", "a\nINFO forged line", "a\rERROR forged",
    "\x1b[31mred", "\x1b]0;title\x07", "\x1b[2J\x1b[H", "\x9b31m", "a\u2028b forged", "a\u0085b forged",
    "a\x0bb", "a\x0cb", "\b\b\b\bforged", "a\x00b", "Error: forged\nFix:   forged",
    "2026-01-01 00:00:00 CRITICAL forged",
)  # fmt: skip
ALIKE = (
    "аlice", "аlісе", "alicе", "ａｌｉｃｅ", "𝐚𝐥𝐢𝐜𝐞", "ⓐlice", "alıce", "ALICE", "Alice", "alice ",
    " alice", "alice\u200b", "alice\u0301", "a\u0301lice", "ﬁsh", "ŉ", "ǆ", "ß", "ẞ", "İ", "ı", "ſ",
    "K", "Å", "Ω", "µ", "ﬀ", "℀", "ＣＮＹ", "cny", "СNY", "CN￥", "CNY\u200b", "ᴄɴʏ",
)  # fmt: skip
SCRIPTS = (
    "爱丽丝", "𠮷野家", "𪚥", "龘龘龘", "﨑", "㊙", "㍿", "「」『』", "，。；：？！", "（）【】",
    "——……", "　", "０１２", "مرحبا", "שלום", "\u202eabc", "हिन्दी", "ไทย", "བོད", "ᠮᠣᠩᠭᠣᠯ", "한글",
    "ᄒ\u1161ᆫ", "カタカナ", "ｶﾀｶﾅ", "ﷺ", "﷽",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
    "a" + "\u0301" * 60, "e" + "\u0489" * 200, "\u0301", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏿", "🇨🇳", "🇨",
    "1️⃣", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\u200d👩",
    "🧑🏻‍❤️‍💋‍🧑🏿", "☺︎", "☺️", "💩" * 40,
)  # fmt: skip
BROKEN = tuple(f"a{chr(code)}b" for code in (0xD800, 0xDBFF, 0xDC00, 0xDFFF)) + ("\udc00\ud800", "\ud83d")
LONG = (
    "a" * 65, "a" * 256, "a" * 501, "a" * 5_000, "a" * 60_000, "9" * 5_000, "好" * 501, "🙂" * 251,
    "9" * 65, "." * 65, "-" * 65, " " * 64, "\n" * 64, "[" * 2_000, "(" * 2_000, "{" * 2_000, '"' * 2_000,
    "\\" * 2_000, "a " * 5_000, "=" * 5_000, "x = " + "[" * 900, "not " * 500 + "x", "a." * 2_000,
    "(a" * 500 + ")" * 500,
)  # fmt: skip
WORDS = (
    "", " ", "null", "nil", "None", "undefined", "true", "false", "True", "yes", "NULL", "void", "self",
    "this", "constructor", "__proto__", "prototype", "toString", "hasOwnProperty", "__class__",
    "__dict__", "__init__", "bank:cash:CNY", "bank:fees:CNY", "bank:", ":", "system:core",
    "staff:reviewer", "customer:", "*:*", "root", "admin", "zz", "A00000000001", "D00000000000",
    "D99999999999", "H00000000001", "C-0000000001", "S0000000000１", "current_cny@0",
    "current_cny@999999999999", "current_cny@", "@1", "gold", "open", "deny", "transfer", "card", "wire",
    "both", "cash", "clearing", "person", "Bearer", "Bearer ", "Basic YTpi", "gzip", "chunked",
    "identity", "application/json", "text/plain", "multipart/form-data; boundary=x",
    "application/json; charset=utf-7", "zh", "en;q=9", "*;q=0", "zh;q=nan", "x" * 20 + ";q=0.5," * 50,
)  # fmt: skip
FRAGMENTS = (
    b"null", b"true", b"false", b"0", b"-0", b"1", b"-1", b"1.5", b"1e999", b"-1e999", b"1e-999", b"1E+2",
    b"0e0", b"9" * 5_000, b"0." + b"1" * 5_000, b"123456789012345678901234567890", b"[]", b"{}", b'[""]',
    b'{"a": 1}', b"[" * 5_000 + b"]" * 5_000, b'{"a":' * 3_000 + b"1" + b"}" * 3_000, b"[[[[[[[[]]]]]]]]",
    b'["a", "b"]', b"NaN", b"Infinity", b"-Infinity", b"undefined", b"0x1", b"01", b"+1", b".5", b"1.",
    b"'a'", b"`a`", b"a", b'"a', b'"\\x"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b'"\\u00"',
    b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xfe\xff"', b'"\xe4\xbd"',
    b'"\x00"', b'"\n"', b'"\t"', b'"a" "b"', b'"a", "a": "b"', b'"a"}{"b":"c"', b'"a" /* c */', b'"a",',
    b"\xef\xbb\xbf\"a\"", b'{"__proto__": {"x": 1}}', b'{"$ref": "#/"}', b"[1, [2, [3, [4]]]]",
    b'{"":""}', b"PK\x03\x04\x14\x00", b"\x1f\x8b\x08\x00\x00", b"%PDF-1.7",
)  # fmt: skip


class Input(NamedTuple):
    """One hostile input: a text, or raw bytes that stand where a JSON value belongs."""

    name: str
    text: str | None
    raw: bytes = b""


def _inputs() -> tuple[Input, ...]:
    families = {
        "number": NUMBERS, "date": DATES, "statement": STATEMENTS, "path": PATHS, "shell": SHELL,
        "template": TEMPLATES, "format": FORMATS, "formula": FORMULAE, "markup": MARKUP, "address": ADDRESSES,
        "log": LOGS, "alike": ALIKE, "script": SCRIPTS, "surrogate": BROKEN, "long": LONG, "word": WORDS,
        "digits": tuple("".join(chr(zero + n) for n in (1, 2, 0)) for zero in DIGITS.values()),
        "unseen": tuple(f"ali{chr(code)}ce" for code in UNSEEN),
        "control": tuple(f"ali{chr(code)}ce" for code in CONTROLS),
    }  # fmt: skip
    texts = {text: f"{family} {n}" for family, many in families.items() for n, text in enumerate(many)}
    raws = {raw: f"fragment {n}" for n, raw in enumerate(FRAGMENTS)}
    return (
        *(Input(name, text) for text, name in texts.items()),
        *(Input(name, None, raw) for raw, name in raws.items()),
    )


INPUTS = _inputs()
TEXTS = tuple(one for one in INPUTS if one.text is not None)
