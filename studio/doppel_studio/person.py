# SPDX-License-Identifier: GPL-3.0-or-later
"""From an identity and a seed to a person: everything that a picture needs to know, and the same each time.

Each choice that the words leave open is made from the seed and the choice's own name, so that one that is overridden in a clone
changes nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from . import vocabulary as v

T = TypeVar("T")
Color = tuple[float, float, float]


@dataclass(frozen=True)
class Person:
    #: From 0, a woman's shapes, to 1, a man's.
    masculinity: float = 0.0
    years: int = 30
    #: Shares of `african`, `asian` and `caucasian` that add up to 1.
    ancestry: dict[str, float] = field(default_factory=lambda: {"caucasian": 1.0})
    #: From 0, very light, to 1, very dark; and from -1, to olive, to 1, to red.
    tone: float = 0.2
    undertone: float = 0.0
    #: Each from 0 to 1, with the average at 0.5.
    muscle: float = 0.5
    weight: float = 0.48
    height: float = 0.5
    cup: float = 0.4
    proportions: float = 0.6
    #: How far each target is moved: of the face, which is the person's own, and of what it does.
    face: dict[str, float] = field(default_factory=dict)
    expression: dict[str, float] = field(default_factory=dict)
    #: How far the head is lowered, in degrees.
    chin: float = 0.0
    #: An asset's name; empty for none.
    hair: str = "long01"
    hair_color: Color = (0.03, 0.02, 0.01)
    #: The share of strands that are grey.
    grey: float = 0.0
    brows: str = "eyebrow001"
    eyes: str = "brown"
    #: An asset's name, or "stubble"; empty for none.
    beard: str = ""
    freckles: float = 0.0
    glasses: bool = False
    hat: str = ""
    #: A key of `vocabulary.OUTFITS`.
    outfit: str = "tee"
    top_color: Color = (0.03, 0.05, 0.1)
    bottom_color: Color = (0.05, 0.08, 0.15)
    backdrop: Color = (0.3, 0.3, 0.3)

    @property
    def oldness(self) -> float:
        """From 0 at 25 years to 1 at 90."""
        return max(0.0, min(1.0, (self.years - 25) / 65))

    def with_smile(self, smile: float) -> Person:
        """The same person, who smiles more for one shot: teeth are seen from a half on."""
        if smile == 0:
            return self
        expression = dict(self.expression)
        for unit, share in (("mouthSmile", 0.85), ("cheekSquint", 0.35), ("eyeSquint", 0.1), ("mouthUpperUp", 0.45), ("mouthDimple", 0.2)):
            for side in ("Left", "Right"):
                key = f"faceunits/{unit}{side}"
                expression[key] = max(expression.get(key, 0.0), share * smile)
        if smile > 0.5:
            expression["faceunits/jawOpen"] = max(expression.get("faceunits/jawOpen", 0.0), 0.06 * smile)
        return replace(self, expression=expression)


def person_of(identity: dict, seed: str) -> Person:
    """Who is drawn for an identity, as the API hands it out, and a seed."""
    choose = _Choices(seed)
    said = {key: value for key, value in identity.items() if isinstance(value, str) and value.strip()}
    looks = " . ".join(said.get(key, "") for key in ("style", "vibe", "hairStyle", "ethnicity", "bodyType"))
    masculinity, kind = _gender(said.get("gender", "unspecified"), choose)
    years = _years(said.get("ageRange", ""), choose)
    ancestry, tone = _ancestry(said.get("ethnicity", ""), choose)
    body = _body(said.get("bodyType", ""), masculinity, choose)
    undertone = choose.between("undertone", -0.7, 0.7)
    hair = _hair(said.get("hairStyle", ""), kind, ancestry, years, choose)
    hair_color, grey = _hair_color(said.get("hairColor", "") or said.get("hairStyle", ""), bool(said.get("hairColor")), _darkness(tone, ancestry), years, choose)
    clothes = _clothes(said.get("style", ""), kind, choose)
    expression, chin = _expression(said.get("vibe", ""), identity.get("personality") or {}, choose)
    return Person(
        masculinity=masculinity,
        years=years,
        ancestry=ancestry,
        tone=tone,
        undertone=undertone,
        face=_face(masculinity, choose),
        expression=expression,
        chin=chin,
        hair=hair,
        hair_color=hair_color,
        grey=grey,
        brows=choose.of("brows", v.BROWS[kind]),
        eyes=choose.of("eyes", _up_to(_darkness(tone, ancestry), v.USUAL_EYES)),
        beard=_beard(looks, kind, choose),
        freckles=choose.between("freckles", -1.2, 0.8) if tone < 0.3 else 0.0,
        glasses=bool(v.found_in(looks, dict.fromkeys(v.GLASSES))),
        hat=next((str(v.HATS[phrase]) for phrase in v.found_in(f"{said.get('style', '')} . {said.get('hairStyle', '')}", v.HATS)), ""),
        **clothes,
        **body,
    )


class _Choices:
    """What the seed decides: each choice by its own name, so that none depends on another."""

    def __init__(self, seed: str):
        self._seed = seed

    def _random(self, name: str) -> Random:
        return Random(int.from_bytes(hashlib.sha256(f"{self._seed}:{name}".encode()).digest()[:8], "big"))

    def of(self, name: str, options: Sequence[T]) -> T:
        return options[self._random(name).randrange(len(options))]

    def between(self, name: str, low: float, high: float) -> float:
        return self._random(name).uniform(low, high)

    def around(self, name: str, middle: float, spread: float, low: float, high: float) -> float:
        return min(high, max(low, self._random(name).gauss(middle, spread)))


def _gender(said: str, choose: _Choices) -> tuple[float, str]:
    """Shapes, and whose clothes and hair are chosen from: of women, of men, of both."""
    match said:
        case "female":
            return choose.between("masculinity", 0.0, 0.08), "f"
        case "male":
            return choose.between("masculinity", 0.92, 1.0), "m"
        case "nonbinary":
            return choose.between("masculinity", 0.3, 0.7), "n"
        case _:  # not said: anybody
            return choose.of("gender", ((0.04, "f"), (0.96, "m"), (0.45, "n"), (0.02, "f"), (1.0, "m")))


def _years(text: str, choose: _Choices) -> int:
    """An age within what is said: "25-34", "60s", "mid 30s", "70+", "young adult". Nobody is drawn below 18 or above 90."""
    low, high = _ages(unicode_digits(text)) or v.UNSTATED_AGES
    low, high = sorted((min(max(low, v.YOUNGEST), v.OLDEST), min(max(high, v.YOUNGEST), v.OLDEST)))
    return round(choose.between("years", low, high))


def unicode_digits(text: str) -> str:
    """Decimal digits of every script as 0 to 9."""
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)


def _ages(text: str) -> tuple[int, int] | None:
    years = [int(n) for n in re.findall(r"(?<!\d)\d{1,3}(?!\d)", text)]
    decade = re.search(r"\d\s*'?s\b", text, re.I)
    if not years:
        return next((v.AGE_WORDS[phrase] for phrase in v.found_in(text, v.AGE_WORDS)), None)  # type: ignore[return-value]
    if len(years) > 1:
        return years[0], years[1] + (9 if decade else 0)
    first = years[0]
    if decade:
        part = (0, 3) if re.search("early", text, re.I) else (4, 6) if re.search("mid", text, re.I) else (7, 9) if re.search("late", text, re.I) else (0, 9)
        return first + part[0], first + part[1]
    if re.search(r"\+|over|older|above|>", text, re.I):
        return first, first + 9
    return (v.YOUNGEST, first - 1) if re.search(r"under|below|<", text, re.I) else (first, first)


def _ancestry(text: str, choose: _Choices) -> tuple[dict[str, float], float]:
    found = [v.ANCESTRIES[phrase] for phrase in v.found_in(text, v.ANCESTRIES)]
    is_mixed = bool(v.found_in(text, dict.fromkeys(v.MIXED)))
    if not found:
        options = [meaning for meaning in dict.fromkeys(v.ANCESTRIES.values())]
        names = ("ancestry", "other ancestry") if is_mixed else ("ancestry",)
        found = [choose.of(name, options) for name in names]
    shares = [sum(part) / len(found) for part in zip(*(shares for shares, _ in found))]
    usual = sum(tone for _, tone in found) / len(found)
    tone = choose.around("tone", usual, 0.05, 0.0, 1.0)
    for phrase in v.found_in(text, v.TONES):
        tone = choose.around("tone", float(v.TONES[phrase]), 0.015, 0.0, 1.0)  # type: ignore[arg-type]
    return dict(zip(("african", "asian", "caucasian"), shares)), tone


def _body(text: str, masculinity: float, choose: _Choices) -> dict[str, float]:
    body = {
        "muscle": choose.around("muscle", 0.52, 0.07, 0.35, 0.7),
        "weight": choose.around("weight", 0.45, 0.07, 0.3, 0.62),
        "height": choose.around("height", 0.5, 0.12, 0.2, 0.8),
        "cup": choose.around("cup", 0.4, 0.1, 0.2, 0.6) * (1 - masculinity),
        "proportions": choose.between("proportions", 0.45, 0.8),
    }
    for phrase in v.found_in(text, v.BODIES):
        body.update(v.BODIES[phrase])  # type: ignore[arg-type]
    return body


def _face(masculinity: float, choose: _Choices) -> dict[str, float]:
    face: dict[str, float] = {}
    for less, more, limit in v.FACE:
        value = choose.around(f"face {more}", 0.0, limit * 0.6, -limit, limit)
        name = more if value > 0 else less
        for side in ("l", "r") if "?" in name else ("",):
            # No face is the same on both sides.
            own = value * (1 + choose.between(f"side {side} {more}", -0.12, 0.12) * bool(side))
            face[name.replace("?", side)] = abs(own)
    if masculinity < 0.3:  # full lips and a soft jaw are kept from going too far the other way
        face.pop("head/head-square", None)
    return face


def _hair(text: str, kind: str, ancestry: dict[str, float], years: int, choose: _Choices) -> str:
    for phrase in v.found_in(text, v.HAIR_STYLES):
        return str(v.HAIR_STYLES[phrase])
    usual = v.USUAL_AFRO_STYLES if ancestry["african"] > 0.6 else v.USUAL_STYLES
    if kind == "m" and years > 45 and choose.between("balding", 0, 1) < 0.25:
        return ""
    return choose.of("hair", usual[kind])


def _hair_color(text: str, is_said: bool, darkness: float, years: int, choose: _Choices) -> tuple[Color, float]:
    found = v.found_in(text, v.HAIR_COLORS)
    if found and (is_said or len(found) == 1):
        return v.HAIR_COLORS[found[0]], 0.35 if "salt" in found[0] else 0.0  # type: ignore[return-value]
    name = choose.of("hair color", _up_to(darkness, v.USUAL_HAIR))
    grey = (years - v.GREY_FROM) / (v.GREY_UNTIL - v.GREY_FROM) + choose.between("grey", -0.25, 0.2)
    return v.HAIR_COLORS[name], max(0.0, min(1.0, grey)) if years > 40 else 0.0  # type: ignore[return-value]


def _beard(looks: str, kind: str, choose: _Choices) -> str:
    for phrase in v.found_in(looks, v.BEARDS):
        if kind != "f":
            return str(v.BEARDS[phrase])
    return choose.of("beard", ("", "", "stubble", "", "Full_beard", "stubble", "")) if kind == "m" else ""


def _clothes(text: str, kind: str, choose: _Choices) -> dict:
    styles = v.found_in(text, v.STYLES)
    style: dict = v.STYLES[styles[0] if styles else v.USUAL_STYLE]  # type: ignore[assignment]
    colors = v.found_in(text, v.COLORS)
    top = colors[0] if colors else choose.of("top color", style["top"])
    bottom = colors[1] if len(colors) > 1 else choose.of("bottom color", style["bottom"])
    return {
        "outfit": choose.of("outfit", style[kind]),
        "top_color": v.COLORS[top],
        "bottom_color": v.COLORS[bottom],
        "backdrop": v.COLORS[choose.of("backdrop", style["backdrop"])],
    }


def _expression(vibe: str, personality: dict, choose: _Choices) -> tuple[dict[str, float], float]:
    """What the face does at rest: of the vibe, and half as much of each trait."""
    traits = personality.get("traits")
    text = " . ".join(str(trait) for trait in traits) if isinstance(traits, list) else ""
    units: dict[str, float] = {}
    chin = 0.0
    for source, share in ((vibe, 1.0), (f"{text} . {personality.get('tone', '')} . {personality.get('humor', '')}", 0.45)):
        found = list(dict.fromkeys(id(v.EXPRESSIONS[phrase]) for phrase in v.found_in(source, v.EXPRESSIONS)))
        meanings = {id(meaning): meaning for meaning in v.EXPRESSIONS.values()}
        for number in found[:3]:
            for unit, value in meanings[number].items():  # type: ignore[attr-defined]
                if unit == "chin":
                    chin += share * value / len(found[:3])
                else:
                    units[unit] = units.get(unit, 0.0) + share * value / len(found[:3]) ** 0.5
    if not units:
        units = {"smile": choose.between("smile", 0.08, 0.3)}
    # The base face looks stern: its lids are half down and its brows low.
    expression = {"faceunits/eyeWideLeft": 0.22, "faceunits/eyeWideRight": 0.22, "faceunits/browInnerUp": 0.22, "faceunits/mouthSmileLeft": 0.08, "faceunits/mouthSmileRight": 0.08}
    for unit, value in units.items():
        for target in v.UNITS[unit]:
            expression[f"faceunits/{target}"] = min(0.8, expression.get(f"faceunits/{target}", 0.0) + value)
    return expression, chin


def _darkness(tone: float, ancestry: dict[str, float]) -> float:
    """How dark hair and eyes are to be expected, as a tone of skin would say it."""
    return max(tone, 0.6) if ancestry["african"] + ancestry["asian"] > 0.45 else tone


def _up_to(tone: float, table: Sequence[tuple[float, Sequence[T]]]) -> Sequence[T]:
    return next((options for limit, options in table if tone <= limit), table[-1][1])
