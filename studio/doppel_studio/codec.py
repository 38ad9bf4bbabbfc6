# SPDX-License-Identifier: GPL-3.0-or-later
"""What Temporal keeps, encrypted as the rest of Doppel encrypts it: AES-256-GCM, under a key of its own for each secret."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from google.protobuf.message import DecodeError
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from .keys import Key

ENCODING = b"binary/encrypted"
KEY_FIELD = "encryption-key-id"
IV_BYTES, TAG_BYTES = 12, 16


class UndecryptablePayload(Exception):
    """A payload that cannot be decrypted: its key is not among ours, or it is not as it was made."""


class Codec(PayloadCodec):
    """Encrypts payloads; one that is not encrypted, from before there were keys, stays as it is. The first key encrypts, all decrypt."""

    def __init__(self, keys: Sequence[Key]):
        self._current = keys[0].id
        self._ciphers = {key.id: AESGCM(_derived(key.secret)) for key in keys}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._encrypted(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._decrypted(payload) for payload in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        iv, key_id = os.urandom(IV_BYTES), self._current.encode()
        sealed = self._ciphers[self._current].encrypt(iv, payload.SerializeToString(), key_id)
        text, tag = sealed[:-TAG_BYTES], sealed[-TAG_BYTES:]
        return Payload(metadata={"encoding": ENCODING, KEY_FIELD: key_id}, data=iv + tag + text)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id, data = payload.metadata.get(KEY_FIELD, b""), payload.data
        cipher = self._ciphers.get(key_id.decode(errors="replace"))
        if cipher is None:
            raise UndecryptablePayload(f"there is no key {key_id.decode(errors='replace')} in CODEC_KEYS")
        iv, tag, text = data[:IV_BYTES], data[IV_BYTES : IV_BYTES + TAG_BYTES], data[IV_BYTES + TAG_BYTES :]
        try:
            return Payload.FromString(cipher.decrypt(iv, text + tag, key_id))
        except (InvalidTag, ValueError, DecodeError) as error:
            raise UndecryptablePayload("a payload is not as it was encrypted") from error


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"doppel payload codec").derive(secret.encode())


def data_converter_of(keys: Sequence[Key]) -> DataConverter:
    """How the worker reads and writes what Temporal keeps: with keys, messages and stack traces of failures are encrypted too."""
    if not keys:
        return DataConverter.default
    return DataConverter(payload_codec=Codec(keys), failure_converter_class=DefaultFailureConverterWithEncodedAttributes)
