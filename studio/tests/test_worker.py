# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import dataclasses
import io
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.activity import ActivityCancellationDetails
from temporalio.client import Client, WorkflowFailureError, WorkflowHandle
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, CancelledError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from doppel_studio import VERSION, assets, worker
from doppel_studio.drawings import Description
from doppel_studio.process import Drawing, DrawingFailed, Studio

KEYS = f"d1:{'a-secret-of-drawers-' * 2}"
ORDER = {"jobId": "0198c0de-0000-7000-8000-000000000001", "attempt": 1, "shot": "portrait"}
DESCRIPTION = Description({"name": "Zoe"}, "seed", "http://api/put?token=secret-token")
UNAVAILABLE = ApplicationError("The API cannot be reached.", type="UNAVAILABLE")
ENDED = ApplicationError("Nothing to draw.", type="CONFLICT", non_retryable=True)


class Api:
    """Stands in for the API: gives what it is told to, and raises what it is told to first."""

    def __init__(self, describes: list[Exception] | None = None, puts: list[Exception] | None = None):
        self._failures = {"describe": describes or [], "put": puts or []}
        self.asked: list[tuple[object, ...]] = []

    def describe(self, *where: object) -> Description:
        return self._answer("describe", where) or DESCRIPTION

    def put(self, *what: object) -> str:
        return self._answer("put", what) or "ab" * 32

    def _answer(self, kind: str, arguments: tuple[object, ...]) -> None:
        self.asked.append((kind, *arguments))
        if self._failures[kind]:
            raise self._failures[kind].pop(0)


class Pictures:
    """Stands in for Blender: draws at once, fails, or draws until it is canceled."""

    def __init__(self, failure: Exception | None = None, is_endless: bool = False):
        self._failure = failure
        self._is_endless = is_endless
        self.begun = asyncio.Event()
        self.was_canceled = False

    async def draw(self, identity: dict, seed: str, shot: str, on_progress: Callable[[dict], None]) -> Drawing:
        assert (identity, seed, shot) == ({"name": "Zoe"}, "seed", "portrait")
        on_progress({"samples": 3, "of": 16})
        self.begun.set()
        try:
            if self._failure:
                raise self._failure
            await asyncio.sleep(60 if self._is_endless else 0)
        except asyncio.CancelledError:
            self.was_canceled = True
            raise
        return Drawing(b"picture", "hair by Zoe (CC0)")


def drawer_of(api: Api, pictures: Pictures) -> worker.Drawer:
    return worker.Drawer(api, pictures)  # type: ignore[arg-type]


def drawn_by(api: Api, pictures: Pictures, tries: int = 1) -> dict:
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, attempt=tries)
    return asyncio.run(environment.run(drawer_of(api, pictures).draw_shot, ORDER))


def failure_of(api: Api, pictures: Pictures, tries: int = 1) -> ApplicationError:
    with pytest.raises(ApplicationError) as failed:
        drawn_by(api, pictures, tries)
    return failed.value


def test_draws_and_tells_by_what():
    api = Api()
    assert drawn_by(api, Pictures()) == {
        "sha256": "ab" * 32,
        "provenance": {"renderer": "studio", "version": VERSION, "seed": "seed", "assets": "hair by Zoe (CC0)"},
    }
    assert api.asked == [("describe", *ORDER.values()), ("put", DESCRIPTION.upload_url, b"picture")]


def test_draws_nothing_for_an_attempt_that_has_ended():
    api = Api(describes=[ENDED])
    assert failure_of(api, Pictures()) is ENDED
    assert [kind for kind, *_ in api.asked] == ["describe"]


def test_does_not_draw_again_where_the_api_is_away_for_a_moment():
    api = Api(puts=[UNAVAILABLE])
    assert drawn_by(api, Pictures())["sha256"] == "ab" * 32
    assert [kind for kind, *_ in api.asked] == ["describe", "put", "put"]


def test_hands_nothing_in_twice_that_was_refused():
    api = Api(puts=[ENDED])
    assert failure_of(api, Pictures()) is ENDED
    assert [kind for kind, *_ in api.asked] == ["describe", "put"]


def test_asks_anew_where_to_put_what_took_long(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker, "FRESH_SECONDS", -1)
    api = Api()
    drawn_by(api, Pictures())
    assert [kind for kind, *_ in api.asked] == ["describe", "describe", "put"]


@pytest.mark.parametrize(
    ("failure", "tries", "code", "is_final"),
    [
        (DrawingFailed("the drawing process was ended by SIGKILL"), 9, "RENDER_FAILED", False),
        (DrawingFailed("the studio failed: KeyError in body.py:9", is_faulty=True), 1, "RENDER_FAILED", False),
        (DrawingFailed("the studio failed: KeyError in body.py:9", is_faulty=True), 3, "RENDER_FAILED", True),
        (KeyError("Zoe"), 1, "INTERNAL", False),
        (KeyError("Zoe"), 3, "INTERNAL", True),
    ],
)
def test_tells_a_failure_by_the_code_of_the_service(failure: Exception, tries: int, code: str, is_final: bool):
    told = failure_of(Api(), Pictures(failure), tries)
    assert (told.type, told.non_retryable, told.__cause__) == (code, is_final, None)
    assert "Zoe" not in told.message


def test_tells_with_each_heartbeat_how_far_it_is(monkeypatch: pytest.MonkeyPatch):
    beats: list[tuple[object, ...]] = []

    async def beat_and_cancel() -> None:
        environment, pictures = ActivityEnvironment(), Pictures(is_endless=True)
        told = asyncio.Event()

        def note(*details: object) -> None:
            beats.append(details)
            if len(beats) > 1:
                told.set()

        environment.on_heartbeat = note
        running = asyncio.create_task(environment.run(drawer_of(Api(), pictures).draw_shot, ORDER))
        await asyncio.wait_for(told.wait(), 5)
        environment.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert pictures.was_canceled

    asyncio.run(beat_and_cancel())
    assert beats[1] == ({"samples": 3, "of": 16},)


def test_leaves_what_it_cannot_finish_to_another_worker_at_once():
    async def shut_down() -> BaseException:
        environment, pictures = ActivityEnvironment(), Pictures(is_endless=True)
        running = asyncio.create_task(environment.run(drawer_of(Api(), pictures).draw_shot, ORDER))
        await pictures.begun.wait()
        environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
        with pytest.raises(ApplicationError) as failed:
            await running
        return failed.value

    error = asyncio.run(shut_down())
    assert isinstance(error, ApplicationError)
    assert (error.type, error.non_retryable, error.next_retry_delay) == ("UNAVAILABLE", False, timedelta(milliseconds=1))


def test_says_all_at_once_what_it_lacks():
    with pytest.raises(worker.StartError) as refused:
        worker.settings_of({"DOPPEL_URL": "", "CODEC_KEYS": "short", "STUDIO_QUALITY": "best"})
    faults = str(refused.value).splitlines()
    assert [fault.split()[0].rstrip(":") for fault in faults] == ["DOPPEL_URL", "DRAWER_KEYS", "CODEC_KEYS", "STUDIO_ASSETS", "STUDIO_QUALITY"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "index.json").write_text(json.dumps({"format": assets.FORMAT, "assets": {}, "skins": {}}))
    return {"DOPPEL_URL": "http://127.0.0.1:9", "DRAWER_KEYS": KEYS, "STUDIO_ASSETS": str(tmp_path)}


def test_refuses_an_asset_folder_that_is_not_whole(environment: dict[str, str], tmp_path: Path):
    settings = worker.settings_of(environment)
    assert (settings.quality, settings.codec_keys, settings.assets) == ("full", [], tmp_path)
    for index in ('{"format": 0}', "{", "{}"):
        (tmp_path / "index.json").write_text(index)
        with pytest.raises(worker.StartError, match="STUDIO_ASSETS"):
            worker.settings_of(environment)


def test_says_of_an_unforeseen_error_what_and_where_it_is_and_not_what_it_says():
    log, lines = logging.Logger("studio"), io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(worker.JsonLines())
    log.addHandler(handler)
    try:
        raise ValueError("Zoe")
    except ValueError:
        log.exception("failed", extra={"fields": {"jobId": "1"}})
    line = json.loads(lines.getvalue())
    assert (line["msg"], line["err"], line["jobId"]) == ("failed", "ValueError", "1")
    assert line["stack"][0].startswith("test_worker.py:") and "Zoe" not in lines.getvalue()


# What follows runs over a real Temporal server.

# `npm start` and the rest of the service's tests put it there.
SERVER = max((Path.home() / ".cache" / "doppel").glob("temporal-*/temporal"))
WAITS = "import json, sys, time; sys.stdin.readline(); print(json.dumps({'samples': 1, 'of': 16}), flush=True); time.sleep(60)"
DRAWS = """
import json, sys
file = json.loads(sys.stdin.readline())["file"]
open(file, "wb").write(b"picture")
print(json.dumps({"drawn": {"assets": ""}}), flush=True)
"""


@workflow.defn
class DrawOne:
    @workflow.run
    async def run(self, order: dict) -> dict:
        return await workflow.execute_activity(
            "drawShot",
            order,
            task_queue=worker.TASK_QUEUE,
            heartbeat_timeout=timedelta(seconds=3),
            start_to_close_timeout=timedelta(minutes=5),
            retry_policy=RetryPolicy(initial_interval=timedelta(minutes=1)),
            cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )


def over_temporal(story: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with await WorkflowEnvironment.start_local(dev_server_existing_path=str(SERVER), ip="127.0.0.1") as server:
            async with Worker(server.client, task_queue="stories", workflows=[DrawOne], workflow_runner=UnsandboxedWorkflowRunner()):
                await story(server.client)

    asyncio.run(run())


async def ordered(client: Client) -> WorkflowHandle:
    return await client.start_workflow(DrawOne.run, ORDER, id=f"order-{time.monotonic_ns()}", task_queue="stories")


def working(client: Client, script: str) -> Worker:
    studio = Studio(Path("assets"), "draft", command=(sys.executable, "-c", script))
    return worker.worker_of(client, worker.Drawer(Api(), studio), grace=timedelta(0))  # type: ignore[arg-type]


async def is_drawing(handle: WorkflowHandle) -> None:
    """Waits until the drawing has told how far it is."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        pending = (await handle.describe()).raw_description.pending_activities
        if pending and b'"samples":1' in b"".join(payload.data for payload in pending[0].heartbeat_details.payloads).replace(b" ", b""):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the drawing has not begun")


def test_a_cancellation_ends_the_drawing_within_two_seconds():
    async def story(client: Client) -> None:
        async with working(client, WAITS):
            handle = await ordered(client)
            await is_drawing(handle)
            canceled = time.monotonic()
            await handle.cancel()
            with pytest.raises(WorkflowFailureError) as ended:
                await handle.result()
            assert isinstance(ended.value.cause, CancelledError) and time.monotonic() - canceled < 2

    over_temporal(story)


def test_another_worker_draws_at_once_what_the_end_of_one_cut_off():
    async def story(client: Client) -> None:
        async with working(client, WAITS):
            handle = await ordered(client)
            await is_drawing(handle)
        ended = time.monotonic()
        async with working(client, DRAWS):
            assert (await handle.result())["sha256"] == "ab" * 32
            assert time.monotonic() - ended < 5  # the usual pause would be a minute

    over_temporal(story)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
@pytest.mark.parametrize("by", ["SIGTERM", "the end of its input"])
def test_the_process_ends_by(by: str, environment: dict[str, str]):
    async def story(client: Client) -> None:
        address = client.service_client.config.target_host
        told = {
            **os.environ,
            **environment,
            "TEMPORAL_ADDRESS": address,
            "STUDIO_PARENT_PIPE": "1",
            "PYTHONPATH": str(Path(worker.__file__).parents[1]),
        }
        command = [sys.executable, "-m", "doppel_studio.worker"]
        process = await asyncio.create_subprocess_exec(*command, env=told, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stderr and process.stdin
        try:
            line = json.loads(await asyncio.wait_for(process.stderr.readline(), 30))
            assert line["msg"] == "waiting for shots to draw"
            if by == "SIGTERM":
                process.send_signal(signal.SIGTERM)
            else:
                process.stdin.close()
            assert await asyncio.wait_for(process.wait(), 8) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    over_temporal(story)


def test_the_process_says_what_it_lacks_and_ends():
    command = [sys.executable, "-m", "doppel_studio.worker"]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(worker.__file__).parents[1])}
    ended = subprocess.run(command, env=bare, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 2
    assert [json.loads(line)["msg"].split()[0] for line in ended.stderr.splitlines()] == ["DOPPEL_URL", "DRAWER_KEYS", "STUDIO_ASSETS"]
