# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws what Temporal hands out: `python -m doppel_studio.worker` polls the task queue `rendering-studio` for `drawShot`."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import ApplicationError
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.worker import Worker

from . import VERSION
from .assets import Assets
from .codec import data_converter_of
from .drawings import Description, Drawings
from .keys import Key, parse_keys
from .process import DrawingFailed, Studio, budget, remove_leftovers

TASK_QUEUE = "rendering-studio"
QUALITIES = ("full", "draft")
#: A cancellation comes with the answer to a heartbeat.
HEARTBEAT = timedelta(milliseconds=500)
#: A drawing that is as good as done when the worker is to end may end by itself.
GRACE = timedelta(seconds=5)
#: After this, in seconds from the signal, the worker is gone, whatever it waits for.
GONE_SECONDS = 7.5
#: How long to wait for Temporal at the start, in seconds.
CONNECT_SECONDS = 60
#: At this try, a failure of the studio's own code is final: time does not mend it.
FAULTY_TRIES = 3
#: How long the API is given to come back before a picture is drawn again, in seconds.
PATIENCE_SECONDS = 60
#: After this, in seconds, the URL that the API gave is asked for anew: it opens for a quarter of an hour.
FRESH_SECONDS = 600

log = logging.getLogger("studio")


class StartError(Exception):
    """What the worker lacks, for the person who starts it: one thing a line."""


@dataclass(frozen=True)
class Settings:
    url: str
    drawer_key: Key
    codec_keys: list[Key]
    assets: Path
    quality: str
    ends_with_parent: bool


def settings_of(environment: Mapping[str, str]) -> Settings:
    """Reads the environment. Raises a StartError that names all that is missing or wrong."""
    faults: list[str] = []
    given = {name: value for name, value in environment.items() if value}

    def required(name: str, meaning: str) -> str:
        if name not in given:
            faults.append(f"{name} is missing: {meaning}")
        return given.get(name, "")

    def keys(name: str) -> list[Key]:
        try:
            return parse_keys(given[name]) if name in given else []
        except ValueError as error:
            faults.append(f"{name}: {error}")
            return []

    url = required("DOPPEL_URL", "where the API is, as http://api.internal:3000")
    if url and not url.startswith(("http://", "https://")):
        faults.append("DOPPEL_URL is no URL")
    required("DRAWER_KEYS", "the keys that the API knows its drawers by, as id:secret,id:secret")
    drawer_keys, codec_keys = keys("DRAWER_KEYS"), keys("CODEC_KEYS")
    folder = required("STUDIO_ASSETS", "the folder that python -m doppel_studio.assets has made")
    if folder:
        try:
            Assets(Path(folder))
        except (OSError, ValueError, KeyError) as error:
            faults.append(f"STUDIO_ASSETS: there is no readable index.json in the folder ({type(error).__name__})")
    quality = given.get("STUDIO_QUALITY", "full")
    if quality not in QUALITIES:
        faults.append(f"STUDIO_QUALITY is one of {', '.join(QUALITIES)}")
    if importlib.util.find_spec("bpy") is None:
        faults.append("Blender is missing: install what requirements.txt names")
    if faults:
        raise StartError("\n".join(faults))
    return Settings(url, drawer_keys[0], codec_keys, Path(folder).resolve(), quality, given.get("STUDIO_PARENT_PIPE") == "1")


class Drawer:
    """The activity, which is safe to repeat: a second drawing is another object of the storage, or the same one."""

    def __init__(self, drawings: Drawings, studio: Studio):
        self._drawings = drawings
        self._studio = studio

    @activity.defn(name="drawShot")
    async def draw_shot(self, order: dict[str, Any]) -> dict[str, Any]:
        """Draws one shot and puts it where the API says; gives its SHA-256, and what it was made by."""
        began = time.monotonic()
        where = {"jobId": order["jobId"], "attempt": order["attempt"], "shot": order["shot"]}
        log.info("drawing", extra={"fields": where})
        beats = asyncio.create_task(_beat(progress := {"samples": 0, "of": 0}))
        try:
            description = await asyncio.to_thread(self._drawings.describe, *where.values())
            drawing = await self._studio.draw(description.identity, description.seed, where["shot"], progress.update)
            if time.monotonic() - began > FRESH_SECONDS:
                description = await asyncio.to_thread(self._drawings.describe, *where.values())
            sha256 = await self._put(description, drawing.picture)
        except asyncio.CancelledError:
            log.info("not drawn: it is no longer wanted here", extra={"fields": where})
            details = activity.cancellation_details()
            if details and details.worker_shutdown and not details.cancel_requested:
                # As a cancellation, Temporal would not hand it to another worker.
                raise ApplicationError(
                    "The worker ends; another draws this.", type="UNAVAILABLE", next_retry_delay=timedelta(milliseconds=1)
                ) from None
            raise
        except DrawingFailed as error:
            log.warning(str(error), extra={"fields": where})
            is_final = error.is_faulty and activity.info().attempt >= FAULTY_TRIES
            raise ApplicationError(f"Not drawn: {error}.", type="RENDER_FAILED", non_retryable=is_final) from None
        except ApplicationError as error:
            log.warning(error.message, extra={"fields": {**where, "code": error.type}})
            raise
        except Exception:
            log.exception("drawing failed", extra={"fields": where})
            is_final = activity.info().attempt >= FAULTY_TRIES
            message = "drawShot failed; the worker's log has the cause."
            raise ApplicationError(message, type="INTERNAL", non_retryable=is_final) from None
        finally:
            beats.cancel()
        log.info("drawn", extra={"fields": {**where, "seconds": round(time.monotonic() - began, 1)}})
        provenance = {"renderer": "studio", "version": VERSION, "seed": description.seed}
        return {"sha256": sha256, "provenance": provenance | ({"assets": drawing.assets} if drawing.assets else {})}

    async def _put(self, description: Description, picture: bytes) -> str:
        """Puts what took minutes to draw: the API is given a minute to come back."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await asyncio.to_thread(self._drawings.put, description.upload_url, picture)
            except ApplicationError as error:
                if error.non_retryable or time.monotonic() > until:
                    raise
                await asyncio.sleep(1)


async def _beat(progress: dict[str, int]) -> None:
    while True:
        activity.heartbeat(dict(progress))
        await asyncio.sleep(HEARTBEAT.total_seconds())


async def run(settings: Settings, environment: Mapping[str, str]) -> None:
    """Works until it is told to end. Raises where Temporal is not there, or will not have it."""
    ending = _told_to_end(settings.ends_with_parent)
    remove_leftovers()
    client = await _connected(settings, environment, ending)
    if client is None:
        return
    drawer = Drawer(Drawings(settings.url, settings.drawer_key), Studio(settings.assets, settings.quality))
    worker = worker_of(client, drawer)
    working = asyncio.create_task(worker.run())
    told = asyncio.create_task(ending.wait())
    log.info("waiting for shots to draw", extra={"fields": {"atOnce": budget(), "quality": settings.quality, "version": VERSION}})
    await asyncio.wait([working, told], return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        log.info("ending")
        await worker.shutdown()
    await working


def worker_of(client: Client, drawer: Drawer, grace: timedelta = GRACE) -> Worker:
    return Worker(
        client,
        task_queue=TASK_QUEUE,
        activities=[drawer.draw_shot],
        max_concurrent_activities=budget(),
        max_heartbeat_throttle_interval=HEARTBEAT,
        default_heartbeat_throttle_interval=HEARTBEAT,
        graceful_shutdown_timeout=grace,
    )


async def _connected(settings: Settings, environment: Mapping[str, str], ending: asyncio.Event) -> Client | None:
    """Connects as Temporal's SDKs are configured; None where it is told to end before Temporal is there."""
    config = ClientConfig.load_client_connect_config(override_env_vars={name: value for name, value in environment.items() if value})
    options: dict[str, Any] = {"target_host": "localhost:7233", **config}
    # The SDK's core is written in Rust and would write to the console itself.
    logging_config = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="WARN"),
        forwarding=LogForwardingConfig(logger=logging.getLogger("temporal")),
    )
    until = time.monotonic() + CONNECT_SECONDS
    runtime = Runtime(telemetry=TelemetryConfig(logging=logging_config))
    while not ending.is_set():
        try:
            return await Client.connect(
                **options,
                identity=f"{os.getpid()}@{socket.gethostname()}",
                data_converter=data_converter_of(settings.codec_keys),
                runtime=runtime,
            )
        except RuntimeError:
            if time.monotonic() > until:
                raise ConnectionError(f"Temporal cannot be reached at {options['target_host']}") from None
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), 1)
    return None


def _told_to_end(ends_with_parent: bool) -> asyncio.Event:
    """Set by a signal, or where the standard input ends, which the parent holds: so that none is left of a parent that was killed."""
    loop, ending = asyncio.get_running_loop(), asyncio.Event()

    def end(*_: object) -> None:
        loop.call_soon_threadsafe(ending.set)
        gone = threading.Timer(GONE_SECONDS, os._exit, [1])  # what draws ends with its parent
        gone.daemon = True
        gone.start()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if ends_with_parent:
        threading.Thread(target=watch, daemon=True).start()
    return ending


class JsonLines(logging.Formatter):
    """One JSON object a line. Of an error, its kind and place: what a foreign message says may be personal or secret."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname.lower(),
            "time": round(record.created * 1000),
            "pid": record.process,
            "name": record.name,
            "msg": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            line["err"] = type(error).__name__
            line["stack"] = [f"{Path(place.filename).name}:{place.lineno}" for place in traceback.extract_tb(error.__traceback__)][-8:]
        return json.dumps(line)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # It tells each failure of an activity, which is told here already, with all that is known of the activity.
    logging.getLogger("temporalio.activity").setLevel(logging.CRITICAL)


def main() -> int:
    _log_to_stderr()
    try:
        asyncio.run(run(settings_of(os.environ), os.environ))
    except StartError as error:
        for fault in str(error).splitlines():
            log.error(fault)
        return 2
    except ConnectionError as error:
        log.error(str(error))
        return 1
    except Exception:
        log.exception("the worker failed")
        return 1
    log.info("ended")
    return 0


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # a thread that still waits for the API is not waited for
