# SPDX-License-Identifier: GPL-3.0-or-later
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from temporalio.exceptions import ApplicationError

from doppel_studio.drawings import Drawings
from doppel_studio.keys import Key

KEY = Key("d1", "a secret of drawers, which is long enough")
JOB = "0198c0de-0000-7000-8000-000000000001"
NOW = 1_800_000_000


class Api:
    """Answers what it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body: bytes | None = None
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                api.asked.append((self.command, self.path, dict(self.headers), sent))
                body = api.body if api.body is not None else api.usual(self.command, sent)
                self.send_response(api.status)
                for name, value in {"Content-Length": str(len(body)), **api.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = answer

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.upload_url = f"{self.url}/put?token=secret-token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def description(self, **changed: object) -> dict:
        return {
            "identity": {"name": "Zoe"},
            "seed": "seed",
            "shot": "portrait",
            "renderer": "studio",
            "width": 1024,
            "height": 1024,
            "mimeType": "image/webp",
            "references": [],
            "upload": {"method": "PUT", "url": self.upload_url},
            **changed,
        }

    def usual(self, method: str, sent: bytes) -> bytes:
        answer = self.description() if method == "GET" else {"sha256": hashlib.sha256(sent).hexdigest(), "sizeBytes": len(sent)}
        return json.dumps(answer).encode()

    def drawings(self) -> Drawings:
        return Drawings(f"{self.url}/", KEY, now=lambda: NOW)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    api.server.shutdown()
    api.server.server_close()


def refusal_of(ask) -> tuple[str | None, bool]:
    with pytest.raises(ApplicationError) as refused:
        ask()
    error = refused.value
    assert error.__cause__ is None and "secret-token" not in repr(error) and "Zoe" not in repr(error)
    return error.type, error.non_retryable


def test_asks_with_a_token_of_this_drawing_alone(api: Api):
    description = api.drawings().describe(JOB, 2, "portrait")
    assert (description.identity, description.seed, description.upload_url) == ({"name": "Zoe"}, "seed", api.upload_url)
    assert "Zoe" not in repr(description) and "secret-token" not in repr(description)
    ((method, path, headers, _),) = api.asked
    assert (method, path) == ("GET", f"/internal/drawings/{JOB}/2/portrait")
    expires, key_id, mac = headers["Authorization"].removeprefix("Bearer ").split(".")
    assert 0 < int(expires) - NOW <= 300 and key_id == "d1"
    assert mac == hmac.new(KEY.secret.encode(), f"draw {JOB} 2 portrait {expires}".encode(), "sha256").hexdigest()


def test_puts_the_bytes_as_they_are(api: Api):
    assert api.drawings().put(api.upload_url, b"picture") == hashlib.sha256(b"picture").hexdigest()
    ((method, path, headers, sent),) = api.asked
    assert (method, path, headers["Content-Type"], sent) == ("PUT", "/put?token=secret-token", "image/webp", b"picture")
    assert "Authorization" not in headers


@pytest.mark.parametrize(
    ("status", "code", "is_final"),
    [
        (400, "RENDER_FAILED", True),
        (401, "RENDER_FAILED", True),
        (404, "CONFLICT", True),
        (409, "CONFLICT", True),
        (413, "RENDER_FAILED", True),
        (415, "RENDER_FAILED", True),
        (429, "UNAVAILABLE", False),
        (500, "UNAVAILABLE", False),
        (503, "UNAVAILABLE", False),
    ],
)
def test_tells_a_refusal_by_the_code_of_the_service(api: Api, status: int, code: str, is_final: bool):
    api.status, api.body = status, b'{"error":{"message":"of Zoe"}}'
    assert refusal_of(lambda: api.drawings().describe(JOB, 1, "portrait")) == (code, is_final)
    assert refusal_of(lambda: api.drawings().put(api.upload_url, b"picture")) == (code, is_final)


def test_follows_no_redirect(api: Api):
    api.status, api.headers = 302, {"Location": f"{api.url}/elsewhere"}
    assert refusal_of(lambda: api.drawings().describe(JOB, 1, "portrait")) == ("RENDER_FAILED", True)
    assert refusal_of(lambda: api.drawings().put(api.upload_url, b"picture")) == ("RENDER_FAILED", True)
    assert len(api.asked) == 2


def test_uses_no_proxy_of_the_environment(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert api.drawings().describe(JOB, 1, "portrait").seed == "seed"


def test_asks_again_later_where_nobody_or_somebody_else_answers(api: Api):
    for body in (b"<html>", b"[]", b"\xff"):
        api.body = body
        assert refusal_of(lambda: api.drawings().describe(JOB, 1, "portrait")) == ("UNAVAILABLE", False)
    api.body, api.headers = b"{", {"Content-Length": "99", "Connection": "close"}
    assert refusal_of(lambda: api.drawings().put(api.upload_url, b"picture")) == ("UNAVAILABLE", False)
    nobody = Drawings("http://127.0.0.1:9", KEY)
    assert refusal_of(lambda: nobody.describe(JOB, 1, "portrait")) == ("UNAVAILABLE", False)


def test_refuses_a_description_of_another_kind(api: Api):
    for changed in (
        {"renderer": "illustrated"},
        {"width": 512},
        {"mimeType": "image/png"},
        {"identity": None},
        {"upload": {"method": "POST", "url": api.upload_url}},
        {"upload": {"method": "PUT", "url": "file:///etc/passwd"}},
        {"upload": None},
    ):
        api.body = json.dumps(api.description(**changed)).encode()
        assert refusal_of(lambda: api.drawings().describe(JOB, 1, "portrait")) == ("RENDER_FAILED", True)


def test_does_not_believe_that_other_bytes_are_its_own(api: Api):
    api.body = json.dumps({"sha256": "0" * 64, "sizeBytes": 7}).encode()
    assert refusal_of(lambda: api.drawings().put(api.upload_url, b"picture")) == ("UNAVAILABLE", False)
