# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws one picture and ends: the process that Blender lives in, since it keeps global state and may crash.

`python -m doppel_studio.draw` reads one line of JSON, `{identity, seed, shot, quality, assets, file}`, and writes the picture to
`file`. On its output it tells in lines of JSON how far it is, and at last `{"drawn": …}` or `{"failed": …}`. Its input stays open
for as long as the picture is wanted.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO

from . import VERSION
from .provenance import xmp_of

SIZE = 1024
WEBP_QUALITY = 90
#: A picture takes about 3 GB of address space, two thirds of it never touched.
ADDRESS_SPACE_BYTES = 8 << 30
PR_SET_PDEATHSIG = 1
#: How often it is looked whether anything is computed, and what counts as that, in seconds of all processors.
WORK_SECONDS, WORKED_SECONDS = 10, 0.1


def main() -> int:
    say = _own_output()
    order = json.loads(sys.stdin.buffer.readline())
    _die_with(sys.stdin.buffer)
    _limit_itself()
    try:
        credit = draw(order, say)
    except BaseException as error:  # what it says may quote the person: only what it is, and where
        place = traceback.extract_tb(error.__traceback__)[-1]
        say({"failed": f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"})
        return 1
    say({"drawn": {"assets": credit, "width": SIZE, "height": SIZE}})
    return 0


def draw(order: dict, say: Callable[[dict], None]) -> str:
    """Renders what was ordered into its file; gives the credit of the assets in it."""
    say({"begun": order["shot"]})
    from . import scene  # Blender: it takes a second, and is not needed to fail
    from .assets import Assets
    from .person import person_of

    _tell_samples(say)
    _tell_work(say)
    assets, file = Assets(Path(order["assets"])), Path(order["file"])
    rendered = file.with_suffix(".png")
    person = person_of(order["identity"], order["seed"])
    credit = assets.credit(scene.render(assets, person, order["shot"], scene.QUALITIES[order["quality"]], rendered))
    encode(rendered, file, xmp_of(VERSION, order["seed"], credit))
    return credit


def encode(rendered: Path, file: Path, xmp: bytes) -> None:
    """Writes a rendered picture as WebP of the size that is asked for: a draft is rendered smaller, and enlarged."""
    from PIL import Image

    with Image.open(rendered) as image:
        picture = image.convert("RGB")
    if picture.size != (SIZE, SIZE):
        picture = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    picture.save(file, "WEBP", quality=WEBP_QUALITY, xmp=xmp)


def _tell_samples(say: Callable[[dict], None]) -> None:
    import bpy

    @bpy.app.handlers.persistent  # the scene is emptied before it is built
    def tell(status: str, _: object = None) -> None:
        found = re.search(r"Sample (\d+)/(\d+)", str(status))
        say({"samples": int(found[1]), "of": int(found[2])} if found else {"preparing": True})

    bpy.app.handlers.render_stats.append(tell)


def _tell_work(say: Callable[[dict], None]) -> None:
    """Says that it computes: on a busy machine, Blender itself says nothing for minutes. What hangs computes nothing."""

    def watch() -> None:
        worked = time.process_time()
        while True:
            time.sleep(WORK_SECONDS)
            if time.process_time() - worked > WORKED_SECONDS:
                say({"working": True})
            worked = time.process_time()

    threading.Thread(target=watch, daemon=True).start()


def _own_output() -> Callable[[dict], None]:
    """Keeps the output for itself: what Blender prints, which names what a person is made of, goes where errors go."""
    output: IO[str] = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(message: dict) -> None:
        with lock:  # Blender tells from its own threads
            output.write(json.dumps(message) + "\n")

    return say


def _die_with(parent: IO[bytes]) -> None:
    """Ends this process when its parent does, whatever ends that one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        parent.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _limit_itself() -> None:
    """A picture may not take the machine: neither its memory, nor its time from the worker, which has to send heartbeats."""
    if sys.platform == "win32":
        return
    os.nice(5)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    os._exit(main())  # without Blender's own way out, which may crash when all is done
