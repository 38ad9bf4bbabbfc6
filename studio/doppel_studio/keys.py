# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets as the environment gives them, `id:secret,id:secret`: the first signs and encrypts, all verify and decrypt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

FORM = re.compile(r"[A-Za-z0-9_-]+:[^,:\s]{32,}(,[A-Za-z0-9_-]+:[^,:\s]{32,})*")


@dataclass(frozen=True)
class Key:
    id: str
    secret: str = field(repr=False)


def parse_keys(text: str) -> list[Key]:
    """Reads keys. Raises ValueError where a text is none, or two keys have one id."""
    if not FORM.fullmatch(text):
        raise ValueError("keys are written id:secret,id:secret, each secret at least 32 characters")
    keys = [Key(*pair.split(":")) for pair in text.split(",")]
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two keys have one id")
    return keys
