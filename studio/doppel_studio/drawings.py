# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the API what is to be drawn, and hands in what was: its only two calls, with the short-lived token of a job."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
)

from temporalio.exceptions import ApplicationError

from .keys import Key

SIZE = 1024
MIME_TYPE = "image/webp"
#: How long a token opens, in seconds: the API takes none that opens for more than 300.
TOKEN_SECONDS = 240
ASK_SECONDS, PUT_SECONDS = 10, 60
#: No answer is longer than this, in bytes.
ANSWER_BYTES = 1_000_000
#: Another try may bring something else; every other refusal stays one.
PASSING_STATUSES = (408, 425, 429)


@dataclass(frozen=True)
class Description:
    """What is to be drawn, and where to put it. Who it is, and the signed URL, are kept out of every log."""

    identity: dict = field(repr=False)
    seed: str = field(repr=False)
    upload_url: str = field(repr=False)


class Drawings:
    """The API's side of a drawing. Failures are raised as Temporal knows them: their type is a code of the service."""

    def __init__(self, url: str, key: Key, now: Callable[[], float] = time.time):
        self._url = url.rstrip("/")
        self._key = key
        self._now = now
        # Neither redirects nor the environment's proxies: both would carry the token elsewhere. And HTTP alone, no files.
        self._opener = OpenerDirector()
        for handler in (HTTPHandler, HTTPSHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
            self._opener.add_handler(handler())

    def describe(self, job_id: str, attempt: int, shot: str) -> Description:
        """Asks for a description, by which the shot counts as begun."""
        token = self._token(f"{job_id} {attempt} {shot}")
        request = Request(
            f"{self._url}/internal/drawings/{job_id}/{attempt}/{shot}",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        )
        answer = self._answer(request, ASK_SECONDS)
        try:
            asked = (answer["renderer"], answer["width"], answer["height"], answer["mimeType"], answer["upload"]["method"])
            description = Description(dict(answer["identity"]), str(answer["seed"]), str(answer["upload"]["url"]))
        except (KeyError, TypeError, ValueError):
            raise _failure("RENDER_FAILED", "The API's description is not one that this drawer knows.", True) from None
        if asked != ("studio", SIZE, SIZE, MIME_TYPE, "PUT") or not re.match("https?://[^/]", description.upload_url):
            raise _failure("RENDER_FAILED", "The API asks for another kind of drawing than this drawer makes.", True)
        return description

    def put(self, url: str, picture: bytes) -> str:
        """Puts a picture, which may be done again; gives its SHA-256."""
        sha256 = hashlib.sha256(picture).hexdigest()
        answer = self._answer(Request(url, picture, {"Content-Type": MIME_TYPE}, method="PUT"), PUT_SECONDS)
        if answer.get("sha256") != sha256:
            raise _failure("UNAVAILABLE", "The API has taken other bytes than were sent.", False)
        return sha256

    def _token(self, drawing: str) -> str:
        expires = int(self._now()) + TOKEN_SECONDS
        mac = hmac.new(self._key.secret.encode(), f"draw {drawing} {expires}".encode(), hashlib.sha256)
        return f"{expires}.{self._key.id}.{mac.hexdigest()}"

    def _answer(self, request: Request, seconds: float) -> dict:
        # Causes are cut off: the one of urllib may name the URL, which is a secret.
        try:
            with self._opener.open(request, timeout=seconds) as response:
                answer = json.loads(response.read(ANSWER_BYTES))
        except HTTPError as error:
            error.close()
            raise _refusal(error.code) from None
        except (OSError, HTTPException):
            raise _failure("UNAVAILABLE", "The API cannot be reached.", False) from None
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise _failure("UNAVAILABLE", "What answers in place of the API is not it.", False)
        return answer


def _refusal(status: int) -> ApplicationError:
    if status >= 500 or status in PASSING_STATUSES:
        return _failure("UNAVAILABLE", f"The API cannot do this now: {status}.", False)
    if status in (404, 409):
        return _failure("CONFLICT", f"There is nothing (more) to draw for this attempt of the job: {status}.", True)
    return _failure("RENDER_FAILED", f"The API refused the drawer: {status}.", True)


def _failure(code: str, message: str, is_final: bool) -> ApplicationError:
    return ApplicationError(message, type=code, non_retryable=is_final)
