"""Tables on a phone: which become cards, what stands above each value, and that nothing is lost."""

from __future__ import annotations

import re
import time

from jingwei.channels.web.stacked import letters, stacked

HEAD = '<div class="scroll" tabindex="0" role="region" aria-label="x">'


def table(head: list[str], *rows: list[str], more: str = "") -> str:
    heads = "".join(f"<th>{one}</th>" for one in head)
    body = "".join("<tr>" + "".join(f"<td>{one}</td>" for one in row) + "</tr>" for row in rows)
    return f"{HEAD}<table{more}><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"


WIDE = table(
    ["Why", "Amount", "Customer", "Assignee", "Due"],
    ["A payment far above what you usually pay", "¥1,000.00", "p000123", "nobody", "in 28 minutes"],
    more=' class="rows"',
)


def test_a_wide_table_becomes_cards_and_keeps_the_roles_of_a_table():
    page = stacked(f"<main>{WIDE}</main>")
    assert '<table class="stacks stacks-large rows" role="table">' in page
    assert page.count('role="rowgroup"') == 2 and page.count('role="row"') == 2
    assert page.count('role="columnheader"') == 5 and page.count('role="cell"') == 5
    assert re.findall('data-label="([^"]*)"', page.partition("<tbody")[2]) == [
        "Amount", "Customer", "Assignee", "Due",
    ], "a title needs no name above it"  # fmt: skip
    bare = re.sub(r' (role="(?!region)[a-z]+"|data-span="\d"|data-label="[^"]*")', "", page)
    assert bare.replace("stacks stacks-large ", "") == f"<main>{WIDE}</main>", "nothing else changed"


def test_a_column_takes_as_much_of_a_card_as_its_widest_value():
    rows = ["x" * 30, "1234567890", "一二三四五六七八", "2026-11-22 16:43"], ["x", "1", "一", "2"]
    page = stacked(table(["a", "b", "c", "d"], *rows))
    assert re.findall(r'<td role="cell" data-span="(\d)"', page) == ["6", "2", "3", "3"] * 2
    heads = re.findall(r'<th role="columnheader" data-span="(\d)"', page)
    assert heads == ["6", "2", "3", "3"], "rows that come later (decisions.js) are laid out by the heads"


def test_a_box_to_tick_stands_beside_the_title():
    tick = '<label class="pick"><input type="checkbox" name="case" value="1">Choose</label>'
    page = stacked(table(['<span class="hush">Choose</span>', "Why", "Amount"], [tick, "w" * 40, "¥1.00"]))
    cells = re.findall(r'<td role="cell" data-span="(\d)"( data-label="[^"]*")?', page)
    assert cells == [("1", ""), ("5", ""), ("2", ' data-label="Amount"')], "what is hidden names no value"


def test_tables_that_fit_or_cannot_be_read_for_sure_stay_tables():
    small = table(["a", "b"], ["1", "2"])
    outside = WIDE.replace(HEAD, "<div>")
    long = "<td>" + "x" * 90 + "</td>"
    headless = f"{HEAD}<table><tbody><tr>{long * 3}</tr></tbody></table></div>"
    broken = WIDE.replace("</td><td>p000123", "<td>p000123", 1)
    for page in (small, outside, headless, broken):
        assert stacked(page) == page


def test_a_table_of_middling_width_becomes_cards_in_large_print_only():
    page = stacked(table(["Score", "Known", "Mean", "Fraud"], ["0.0 – 0.1", "8", "0.008", "100.0 %"]))
    assert 'class="stacks-large"' in page


def test_cells_over_all_columns_row_heads_and_special_letters():
    page = stacked(WIDE.replace("</tbody>", '<tr><td colspan="5">None</td></tr></tbody>')
                   .replace("<th>Amount", "<th>Gain &amp; <kbd class=\"hush\">x</kbd>loss")
                   .replace("<td>A payment", '<td scope="row">A payment'))  # fmt: skip
    assert '<td colspan="5" role="cell" data-span="6">None</td>' in page
    assert 'data-label="Gain &amp; loss"' in page and 'role="rowheader"' in page


def test_a_long_list_is_prepared_in_no_time():
    rows = [["A payment far above what is usual", "¥1,000.00", "p000123", "nobody", "in 28 minutes"]] * 500
    page = table(["Why", "Amount", "Customer", "Assignee", "Due"], *rows)
    began = time.process_time()
    assert stacked(page).count('role="row"') == 501
    assert time.process_time() - began < 0.25


def test_chinese_letters_count_twice():
    assert letters("abc") == 3 and letters("经纬") == 4 and letters("¥1.00") == 5
