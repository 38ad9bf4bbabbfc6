# SPDX-License-Identifier: GPL-3.0-or-later
"""From words to a person."""

from dataclasses import asdict

import pytest

from doppel_studio import vocabulary as v
from doppel_studio.assets import licence_of
from doppel_studio.person import person_of
from doppel_studio.wardrobe import GARMENTS, TOPS, worn_by

SEEDS = [f"seed-{number}" for number in range(60)]


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("25-34", 25, 34),
        ("60s", 60, 69),
        ("mid 30s", 34, 36),
        ("late 40s", 47, 49),
        ("18", 18, 18),
        ("70+", 70, 79),
        ("under 25", 18, 24),
        ("young adult", 20, 29),
        ("middle-aged", 48, 58),
        ("20s-30s", 20, 39),
        ("٢٥-٣٤", 25, 34),
        ("", 20, 44),
        ("timeless", 20, 44),
    ],
)
def test_draws_somebody_of_the_age_that_is_said(said, low, high):
    years = [person_of({"ageRange": said}, seed).years for seed in SEEDS]
    assert low <= min(years) and max(years) <= high


@pytest.mark.parametrize("said", ["16", "5-9", "teen", "0", "under 18", "toddler 2", "12s", "17 years"])
def test_draws_nobody_below_eighteen(said):
    assert all(person_of({"ageRange": said}, seed).years >= 18 for seed in SEEDS)


@pytest.mark.parametrize("said", ["120", "99+", "over 95"])
def test_draws_nobody_above_ninety(said):
    assert all(person_of({"ageRange": said}, seed).years <= 90 for seed in SEEDS)


@pytest.mark.parametrize(
    ("said", "largest", "tone"),
    [
        ("East Asian", "asian", (0.05, 0.35)),
        ("Korean-American", "asian", (0.05, 0.35)),
        ("Nigerian", "african", (0.65, 1.0)),
        ("Black", "african", (0.65, 1.0)),
        ("Scandinavian", "caucasian", (0.0, 0.2)),
        ("South Asian", "caucasian", (0.4, 0.7)),
        ("Black, light skinned", "african", (0.05, 0.2)),
        ("white, tanned", "caucasian", (0.3, 0.46)),
    ],
)
def test_reads_an_ancestry_and_its_tone(said, largest, tone):
    for seed in SEEDS:
        person = person_of({"ethnicity": said}, seed)
        assert max(person.ancestry, key=person.ancestry.get) == largest
        assert tone[0] <= person.tone <= tone[1]


def test_mixes_ancestries_that_are_said_together():
    shares = person_of({"ethnicity": "half Nigerian, half Japanese"}, "seed").ancestry
    assert shares == {"african": 0.5, "asian": 0.5, "caucasian": 0.0}


@pytest.mark.parametrize("row", list(v.ANCESTRIES.values()))
def test_has_shares_of_ancestry_that_add_up(row):
    assert sum(row[0]) == pytest.approx(1)


@pytest.mark.parametrize(
    ("field", "said", "attribute", "drawn"),
    [
        ("hairStyle", "long straight", "hair", "long01"),
        ("hairStyle", "buzz cut", "hair", "short01"),
        ("hairStyle", "Afro", "hair", "afro01"),
        ("hairStyle", "messy bun", "hair", "Wig_bun_blonde"),
        ("hairStyle", "box braids", "hair", "curly2"),
        ("hairStyle", "bald", "hair", ""),
        ("hairColor", "platinum", "hair_color", v.HAIR_COLORS["platinum"]),
        ("hairColor", "Dark-Brown", "hair_color", v.HAIR_COLORS["dark brown"]),
        ("hairStyle", "pink bob", "hair_color", v.HAIR_COLORS["pink"]),
        ("style", "streetwear with glasses", "glasses", True),
        ("style", "fedora and suit", "hat", "fedora"),
        ("style", "all black streetwear", "top_color", v.COLORS["black"]),
        ("bodyType", "muscular", "muscle", 0.95),
        ("bodyType", "tall", "height", 0.8),
    ],
)
def test_draws_what_is_said(field, said, attribute, drawn):
    for seed in SEEDS[:10]:
        assert getattr(person_of({field: said}, seed), attribute) == drawn


def test_gives_a_woman_no_beard_and_a_man_what_is_said():
    for seed in SEEDS:
        assert person_of({"gender": "female", "style": "bearded lady"}, seed).beard == ""
        assert person_of({"gender": "male", "style": "full beard"}, seed).beard == "Full_beard"


def test_draws_a_nonbinary_person_between_and_an_unspecified_one_as_anybody():
    assert all(0.25 < person_of({"gender": "nonbinary"}, seed).masculinity < 0.75 for seed in SEEDS)
    anybody = [person_of({"gender": "unspecified"}, seed).masculinity for seed in SEEDS]
    assert min(anybody) < 0.2 and max(anybody) > 0.8 and any(0.3 < m < 0.7 for m in anybody)


def test_is_the_same_each_time():
    identity = {"gender": "male", "ethnicity": "Greek", "vibe": "warm", "personality": {"traits": ["witty"]}}
    assert asdict(person_of(identity, "seed")) == asdict(person_of(dict(reversed(identity.items())), "seed"))


def test_gives_strangers_faces_of_their_own():
    faces = {tuple(person_of({"gender": "female"}, seed).face.items()) for seed in SEEDS}
    assert len(faces) == len(SEEDS)


@pytest.mark.parametrize(
    ("override", "changed"),
    [
        ({"vibe": "fierce and serious"}, {"expression", "chin"}),
        ({"hairColor": "blue"}, {"hair_color", "grey"}),
        ({"hairStyle": "bob"}, {"hair"}),
        ({"style": "goth"}, {"outfit", "top_color", "bottom_color", "backdrop"}),
        ({"bodyType": "muscular"}, {"muscle", "weight"}),
        ({"ageRange": "60s"}, {"years", "grey"}),
    ],
)
def test_changes_in_a_clone_only_what_is_overridden(override, changed):
    source = {"gender": "female", "ethnicity": "white", "ageRange": "20s", "style": "casual", "vibe": "warm"}
    for seed in SEEDS[:20]:
        before, after = asdict(person_of(source, seed)), asdict(person_of({**source, **override}, seed))
        assert {key for key in before if before[key] != after[key]} <= changed


@pytest.mark.parametrize("style", sorted({id(row): phrase for phrase, row in v.STYLES.items()}.values()))
@pytest.mark.parametrize("gender", ["female", "male", "nonbinary"])
def test_dresses_everybody(style, gender):
    for seed in SEEDS[:12]:
        worn = worn_by(person_of({"gender": gender, "style": style}, seed))
        assert any(kind == "clothes" and name in TOPS for kind, name in worn)


def test_knows_every_name_that_a_table_uses():
    for style in v.STYLES.values():
        for kind in "fmn":
            assert set(style[kind]) <= set(v.OUTFITS)
        assert {*style["top"], *style["bottom"], *style["backdrop"]} <= set(v.COLORS)
    assert {name for names in v.OUTFITS.values() for name in names} - {"male_casualsuit03", "male_casualsuit04", "male_casualsuit06", "female_casualsuit01"} <= set(GARMENTS)
    for _, names in v.USUAL_HAIR:
        assert set(names) <= set(v.HAIR_COLORS)
    for expression in v.EXPRESSIONS.values():
        assert set(expression) - {"chin"} <= set(v.UNITS)


def test_has_twenty_colours_of_hair():
    assert len(set(v.HAIR_COLORS.values())) == 20


@pytest.mark.parametrize("text", ["", "🙂" * 50, "<script>", "a" * 5000, "\u0000", "ни слова", "  "])
def test_takes_any_text(text):
    fields = ("gender", "ageRange", "ethnicity", "bodyType", "hairColor", "hairStyle", "style", "vibe", "voiceDescription")
    person = person_of({**dict.fromkeys(fields, text), "personality": {"traits": [text], "tone": text}}, "seed")
    assert worn_by(person)


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("CC0", "CC0"),
        ("CC0 (see also the readme)", "CC0"),
        ("CC BY 4.0", "CC BY"),
        ("CCBY", "CC BY"),
        ("AGPL3 (see also http://www.makehuman.org/doc/node/external_tools_license.html)", "MakeHuman"),
        ("CC BY-NC 4.0", None),
        ("CC-BY-SA 3.0", None),
        ("CC BY ND", None),
        ("AGPL3", None),
        ("All rights reserved", None),
        ("", None),
    ],
)
def test_uses_only_what_a_licence_on_the_list_allows(text, licence):
    assert licence_of(text) == licence
