# SPDX-License-Identifier: GPL-3.0-or-later
"""Has pictures drawn, each by a process of its own, which ends when it is no longer wanted."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: How long a drawing may say nothing, in seconds: it tells every 10 s whether it computes.
SILENCE_SECONDS = 120
FOLDER = "doppel-studio-"
#: Room for a line of progress, in bytes.
LINE_BYTES = 64_000


class DrawingFailed(Exception):
    """No picture came of it. `is_faulty` where it was the studio's own code that failed, which will fail again."""

    def __init__(self, why: str, is_faulty: bool = False):
        super().__init__(why)
        self.is_faulty = is_faulty


@dataclass(frozen=True)
class Drawing:
    picture: bytes
    #: Whose assets are in it, with their licences.
    assets: str


def budget() -> int:
    """How many pictures are drawn at once: one for two cores."""
    return max(1, (os.cpu_count() or 1) // 2)


class Studio:
    """Draws with the assets of a folder, in one quality."""

    def __init__(
        self,
        assets: Path,
        quality: str,
        silence_seconds: float = SILENCE_SECONDS,
        command: Sequence[str] = (sys.executable, "-m", "doppel_studio.draw"),
    ):
        self._assets = assets
        self._quality = quality
        self._silence_seconds = silence_seconds
        self._command = command

    async def draw(self, identity: dict, seed: str, shot: str, on_progress: Callable[[dict], None]) -> Drawing:
        """Draws a shot. Raises DrawingFailed; canceled, it leaves no process and no file behind."""
        with tempfile.TemporaryDirectory(prefix=f"{FOLDER}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
            file = Path(folder) / "drawn.webp"
            order = {"identity": identity, "seed": seed, "shot": shot, "quality": self._quality}
            order |= {"assets": str(self._assets), "file": str(file)}
            credit = await self._run(json.dumps(order).encode() + b"\n", folder, on_progress)
            try:
                return Drawing(file.read_bytes(), credit)
            except FileNotFoundError:
                raise DrawingFailed("the drawing process left no picture") from None

    async def _run(self, order: bytes, folder: str, on_progress: Callable[[dict], None]) -> str:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # Blender's own words, which name what a person is made of
            limit=LINE_BYTES,
            env=_environment(folder),
            start_new_session=True,
        )
        try:
            return await self._follow(process, order, on_progress)
        finally:
            _kill(process)
            await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process, order: bytes, on_progress: Callable[[dict], None]) -> str:
        assert process.stdin and process.stdout
        process.stdin.write(order)  # and stays open: it ends with its input
        credit: str | None = None
        while True:
            try:
                line = await asyncio.wait_for(process.stdout.readline(), self._silence_seconds)
            except TimeoutError:
                raise DrawingFailed(f"the drawing process said nothing for {self._silence_seconds:g} s") from None
            if not line:
                break
            message = json.loads(line)
            if "failed" in message:
                raise DrawingFailed(f"the studio failed: {message['failed']}", is_faulty=True)
            if "drawn" in message:
                credit = message["drawn"]["assets"]
            elif "samples" in message:
                on_progress(message)
        status = await process.wait()
        if status < 0:
            raise DrawingFailed(f"the drawing process was ended by {signal.Signals(-status).name}")
        if status > 0 or credit is None:
            raise DrawingFailed(f"the drawing process ended with {status} and no picture")
        return credit


def _environment(folder: str) -> dict[str, str]:
    """What a drawing process inherits: no key of the worker's, since it reads the files of strangers. It leaves its files in a folder."""
    kept = {name: value for name, value in os.environ.items() if not re.fullmatch("DOPPEL_.*|TEMPORAL_.*|.*_KEYS?", name)}
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder)  # Blender makes one of its own in it, and only removes it where it ends well
    return kept | places | {"PYTHONPATH": str(Path(__file__).parents[1])}


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    try:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # it ended by itself just now


def remove_leftovers() -> None:
    """Removes the folders of workers that were killed: what they were drawing is nobody's any more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        owner = re.match(rf"{FOLDER}(\d+)-", folder.name)
        # This process has drawn nothing yet: a folder with its number is that of another, long gone, in a container like this.
        if owner and (int(owner[1]) == os.getpid() or not _is_running(int(owner[1]))):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # there, asking would end it
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
