"""REST under /v1: the application over an open home."""

from jingwei.channels.rest.app import create_app

__all__ = ["create_app"]
