"""A program that asks for a new sign-on gets one: the old session cannot say yes in its place."""

from __future__ import annotations

import pytest
from tests.channels.web.ground import Ground


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    one = Ground(tmp_path_factory.mktemp("oidc") / "home")
    yield one
    one.close()


def test_an_old_session_gives_no_code_for_a_new_sign_on(ground):
    ground.signed_in()
    ground.later()
    asking = ground.asked(prompt="login").headers["location"]
    token = ground.token("/app/security")
    answer = ground.post(asking, answer="yes", form_token=token)
    assert answer.headers["location"].startswith("/sign-in?next=/oidc/go/"), "no code before a new proof"
    assert not ground.is_in()
    ground.later()
    ground.enter()
    token = ground.token("/app/security")
    assert "code=" in ground.post(asking, answer="yes", form_token=token).headers["location"]
