"""The style of the pages: text stands out in light and dark."""

from __future__ import annotations

import re

from jingwei.channels.rest.sheet import part


def _light(colour: str) -> float:
    """Relative luminance of #rrggbb (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_in_light_and_dark():
    """WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for the edges of controls."""
    css = part("page.css")
    schemes = [
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", one)) for one in re.findall(r":root \{(.*?)\}", css, re.S)
    ]
    assert len(schemes) == 2 and schemes[0].keys() == schemes[1].keys()
    for scheme in schemes:
        for ground in ("paper", "card", "code", "mark"):
            for ink, least in (
                *((name, 4.5) for name in ("ink", "soft", "link", "good", "warn", "bad")),
                ("edge", 3.0),
            ):
                a, b = sorted((_light(scheme[ink]), _light(scheme[ground])))
                assert (b + 0.05) / (a + 0.05) >= least, (ink, ground)
