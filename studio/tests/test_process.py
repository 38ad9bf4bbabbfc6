# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from doppel_studio import draw
from doppel_studio.process import Drawing, DrawingFailed, Studio, remove_leftovers

#: What begins every stand-in for a drawing process: it knows its order, and how to tell.
PREAMBLE = """
import json, os, signal, subprocess, sys, time
order = json.loads(sys.stdin.readline())
say = lambda **message: print(json.dumps(message), flush=True)
"""
DRAWS = "open(order['file'], 'wb').write(b'picture'); say(drawn={'assets': 'hair by Zoe (CC0)', 'width': 1, 'height': 1})"
WAITS = "time.sleep(60)"
#: In which a process finds the studio, wherever the tests are started.
PACKAGE = {**os.environ, "PYTHONPATH": str(Path(draw.__file__).parents[1])}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All temporary folders of a test, so that it can be seen that none is left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def studio_of(script: str, silence_seconds: float = 20) -> Studio:
    return Studio(Path("assets"), "draft", silence_seconds, (sys.executable, "-c", PREAMBLE + script))


async def drawn_by(studio: Studio, on_progress: Callable[[dict], None] = lambda _: None) -> Drawing:
    return await studio.draw({"name": "Zoe"}, "seed", "portrait", on_progress)


def failure_of(script: str, silence_seconds: float = 20) -> DrawingFailed:
    with pytest.raises(DrawingFailed) as failed:
        asyncio.run(drawn_by(studio_of(script, silence_seconds)))
    return failed.value


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(is_so: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


def test_gives_the_picture_and_its_credit_and_leaves_nothing_behind(temporary: Path):
    assert asyncio.run(drawn_by(studio_of(DRAWS))) == Drawing(b"picture", "hair by Zoe (CC0)")
    assert list(temporary.iterdir()) == []


def test_hands_the_order_in_where_no_other_process_reads_it():
    seen = "say(samples=1, of=[order[name] for name in ('identity', 'seed', 'shot', 'quality')], command=sys.argv);" + DRAWS
    progress: list[dict] = []
    asyncio.run(drawn_by(studio_of(seen), progress.append))
    ((message),) = progress
    assert message["of"] == [{"name": "Zoe"}, "seed", "portrait", "draft"] and message["command"] == ["-c"]


def test_keeps_the_keys_of_the_worker_from_what_draws(monkeypatch: pytest.MonkeyPatch):
    for name in ("DRAWER_KEYS", "CODEC_KEYS", "TEMPORAL_API_KEY", "DOPPEL_URL"):
        monkeypatch.setenv(name, "kept from it")
    progress: list[dict] = []
    asyncio.run(drawn_by(studio_of("say(samples=0, of=dict(os.environ));" + DRAWS), progress.append))
    assert "kept from it" not in progress[0]["of"].values() and progress[0]["of"]["PATH"] == os.environ["PATH"]


def test_tells_how_far_it_is():
    progress: list[dict] = []
    asyncio.run(drawn_by(studio_of("say(begun=1); say(samples=1, of=4); say(preparing=True); say(samples=4, of=4);" + DRAWS), progress.append))
    assert progress == [{"samples": 1, "of": 4}, {"samples": 4, "of": 4}]


@pytest.mark.parametrize(
    ("script", "why", "is_faulty"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV", False),
        ("os._exit(3)", "with 3", False),
        ("pass", "no picture", False),
        ("say(drawn={'assets': ''})", "left no picture", False),
        ("say(failed='KeyError in body.py:9'); sys.exit(1)", "KeyError in body.py:9", True),
    ],
)
def test_fails_where_no_picture_came_of_it(temporary: Path, script: str, why: str, is_faulty: bool):
    failure = failure_of(script)
    assert why in str(failure) and failure.is_faulty == is_faulty
    assert list(temporary.iterdir()) == []


def test_ends_a_drawing_that_says_nothing_any_more(temporary: Path):
    began = time.monotonic()
    assert "said nothing" in str(failure_of("say(begun=1);" + WAITS, silence_seconds=0.5))
    assert time.monotonic() - began < 5
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_ends_what_is_canceled_and_all_that_it_started_within_two_seconds(temporary: Path):
    started: list[int] = []

    async def cancel() -> float:
        begun = asyncio.Event()

        def note(message: dict) -> None:
            started.extend(message["of"])
            begun.set()

        script = "child = subprocess.Popen(['sleep', '60']); say(samples=0, of=[os.getpid(), child.pid]);" + WAITS
        drawing = asyncio.create_task(drawn_by(studio_of(script), note))
        await begun.wait()
        canceled = time.monotonic()
        drawing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await drawing
        return time.monotonic() - canceled

    assert asyncio.run(cancel()) < 2
    assert eventually(lambda: not any(map(is_running, started)), seconds=1)
    assert list(temporary.iterdir()) == []


#: A drawing process that draws for a minute.
DRAWING = "import sys, time; from doppel_studio.draw import _die_with; _die_with(sys.stdin.buffer); print('ready', flush=True); time.sleep(60)"


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for it")
def test_a_drawing_process_ends_with_its_parent_though_its_input_does_not():
    parent = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {DRAWING!r}], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=PACKAGE) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        assert is_running(pid)
        process.kill()
        assert eventually(lambda: not is_running(pid))


def test_a_drawing_process_ends_with_its_input():
    with subprocess.Popen([sys.executable, "-c", DRAWING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=PACKAGE) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 1


def test_a_drawing_process_tells_what_failed_and_where_and_nothing_else():
    order = {"identity": {"name": "Zoe"}, "seed": "seed", "shot": "portrait", "quality": "draft", "assets": "/nowhere/Zoe", "file": "/nowhere"}
    command = [sys.executable, "-m", "doppel_studio.draw"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=PACKAGE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()  # and stays open, as long as the picture is wanted
        told = process.stdout.read()
        assert process.wait() == 1
    assert json.loads(told.splitlines()[-1])["failed"].startswith("FileNotFoundError in ")
    assert "Zoe" not in told


def test_enlarges_a_draft_and_writes_where_it_comes_from(tmp_path: Path):
    Image.new("RGBA", (256, 256), "red").save(tmp_path / "rendered.png")
    draw.encode(tmp_path / "rendered.png", tmp_path / "drawn.webp", b"<xmp/>")
    with Image.open(io.BytesIO((tmp_path / "drawn.webp").read_bytes())) as picture:
        assert (picture.format, picture.size, picture.mode, picture.info["xmp"]) == ("WEBP", (1024, 1024), "RGB", b"<xmp/>")


def test_removes_what_killed_workers_have_left_and_nothing_of_others(temporary: Path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    for owner in (ended.pid, os.getpid(), os.getppid()):
        (temporary / f"doppel-studio-{owner}-abc").mkdir()
    (temporary / "doppel-studio-abc").mkdir()
    remove_leftovers()
    assert {folder.name for folder in temporary.iterdir()} == {f"doppel-studio-{os.getppid()}-abc", "doppel-studio-abc"}
