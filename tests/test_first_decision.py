"""The first decision in Python takes ten lines: those of docs/first-hour.md, run as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_LINES = 10


def test_the_ten_lines_of_the_first_hour_decide_a_payment(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "first-hour.md").read_text("utf-8")
    lines = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    assert len(lines.splitlines()) <= MOST_LINES
    told = subprocess.run(
        [sys.executable, "-c", lines], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=True
    )
    assert told.stdout.startswith("refused ('takeover_pattern'"), told.stdout
