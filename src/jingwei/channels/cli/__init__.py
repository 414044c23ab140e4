"""The command line: `jingwei [--home DIR] COMMAND`."""

from jingwei.channels.cli.program import app, main

__all__ = ["app", "main"]
