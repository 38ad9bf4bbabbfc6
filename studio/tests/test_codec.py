# SPDX-License-Identifier: GPL-3.0-or-later
import asyncio
import base64

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError

from doppel_studio.codec import Codec, UndecryptablePayload, data_converter_of
from doppel_studio.keys import Key, parse_keys

TOLD = {"jobId": "job_1", "shots": ["portrait"]}
#: `TOLD`, as the service's codec has encrypted it with the key 1.
ENCRYPTED_BY_THE_SERVICE = (
    "MDLXxcVWnglC/qO1xlIcfxDklZWlcqwZjMetNceJ1GpuJb1Qs5o5GhHCtmEhwdBEdYHCB3XrtON5K9OZBk6SWjm9/XMO4tOWOeY/5TiMX1c/0nHkgFj7rYcnnho="
)


def key(name: str) -> Key:
    return Key(name, f"the secret of {name}, which is long enough")


def payload_of(value: object) -> Payload:
    return DataConverter.default.payload_converter.to_payload(value)


def value_of(payload: Payload) -> object:
    return DataConverter.default.payload_converter.from_payload(payload)


def encrypted(*keys: Key, value: object = TOLD) -> Payload:
    return asyncio.run(Codec(keys).encode([payload_of(value)]))[0]


def decrypted(payload: Payload, *keys: Key) -> object:
    return value_of(asyncio.run(Codec(keys).decode([payload]))[0])


def test_reads_what_the_service_wrote():
    metadata = {"encoding": b"binary/encrypted", "encryption-key-id": b"1"}
    assert decrypted(Payload(metadata=metadata, data=base64.b64decode(ENCRYPTED_BY_THE_SERVICE)), key("1")) == TOLD


def test_gives_back_what_it_was_given_and_shows_nothing_of_it():
    payload = encrypted(key("1"))
    assert dict(payload.metadata) == {"encoding": b"binary/encrypted", "encryption-key-id": b"1"}
    assert not any(word in payload.data for word in (b"job_1", b"portrait", b"json"))
    assert decrypted(payload, key("1")) == TOLD


def test_encrypts_the_same_thing_otherwise_each_time():
    assert encrypted(key("1")).data != encrypted(key("1")).data


def test_decrypts_with_a_key_that_no_longer_encrypts_and_leaves_what_never_was_encrypted():
    rotated = (key("new"), key("old"))
    assert encrypted(*rotated).metadata["encryption-key-id"] == b"new"
    assert decrypted(encrypted(key("old")), *rotated) == TOLD
    assert decrypted(payload_of("plain"), *rotated) == "plain"


def test_refuses_what_was_encrypted_with_another_key_or_changed_since():
    payload = encrypted(key("1"))
    changed = Payload(metadata=payload.metadata, data=payload.data[:-1] + bytes([payload.data[-1] ^ 1]))
    short = Payload(metadata=payload.metadata, data=b"short")
    renamed = Payload(metadata={**payload.metadata, "encryption-key-id": b"2"}, data=payload.data)
    for refused, keys in (
        (payload, [key("2")]),
        (payload, [Key("1", "another secret under the same id")]),
        (changed, [key("1")]),
        (short, [key("1")]),
        (renamed, [Key("2", key("1").secret)]),
    ):
        with pytest.raises(UndecryptablePayload):
            decrypted(refused, *keys)


def test_encrypts_what_failures_say_and_leaves_their_code_in_sight():
    async def encode_and_decode() -> tuple[Failure, BaseException]:
        converter, failure = data_converter_of([key("1")]), Failure()
        await converter.encode_failure(ApplicationError("said", type="CONFLICT", non_retryable=True), failure)
        sent = Failure()
        sent.CopyFrom(failure)
        return sent, await converter.decode_failure(failure)

    sent, error = asyncio.run(encode_and_decode())
    assert b"said" not in sent.SerializeToString()
    assert sent.application_failure_info.type == "CONFLICT"
    assert isinstance(error, ApplicationError) and (error.message, error.non_retryable) == ("said", True)


def test_reads_keys_and_refuses_what_is_none():
    secret = "s" * 32
    assert parse_keys(f"a:{secret},b-2:{secret}") == [Key("a", secret), Key("b-2", secret)]
    assert secret not in repr(parse_keys(f"a:{secret}"))
    for text in ("", "a", f"a:{secret[1:]}", f"a:{secret},", f"a b:{secret}", f"a:{secret},a:{secret}", f"a:{secret}\n"):
        with pytest.raises(ValueError):
            parse_keys(text)
