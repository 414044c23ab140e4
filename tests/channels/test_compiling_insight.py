"""What a new installation compiles, half of it in a process of its own."""

from __future__ import annotations

import subprocess
import sys

from jingwei.channels import compiling


def test_the_other_process_is_this_module_and_ends_well():
    assert compiling.__name__ == compiling.MODULE
    done = subprocess.run(
        [sys.executable, "-m", compiling.MODULE, compiling.HASHING], check=False, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_other_process_is_started_and_waited_for(monkeypatch):
    began, real = [], subprocess.Popen

    def started(line, **more):
        began.append(real([sys.executable, "-c", ""], **more))
        assert line[1:] == ["-m", compiling.MODULE, compiling.HASHING]
        return began[0]

    monkeypatch.setattr(subprocess, "Popen", started)
    with compiling.half_beside():
        pass
    assert began[0].returncode == 0
