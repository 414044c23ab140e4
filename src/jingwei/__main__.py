"""`python -m jingwei`: the command line."""

from __future__ import annotations

from jingwei.channels.cli import main

if __name__ == "__main__":
    main()
