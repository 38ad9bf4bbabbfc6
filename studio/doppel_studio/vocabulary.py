# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of an identity mean for a picture: the one place where looks are written down.

Every table is of pairs: the phrases that say it, and what they mean. Phrases are matched as whole words, without regard to case
or hyphens; where several match, the longest wins, or all are mixed where the table says so.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping


def words_of(text: str) -> str:
    """A text as phrases are looked for in it: lower case, without accents, words parted by one space."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return f" {' '.join(re.findall(r'[a-z0-9]+', plain))} "


def found_in(text: str, table: Mapping[str, object]) -> list[str]:
    """The phrases of a table that a text says, in the order in which it says them; one within a longer one is not counted."""
    rest = words_of(text)
    found: list[tuple[int, str]] = []
    for phrase in sorted(table, key=lambda p: (-len(p), p)):
        pattern = f" {phrase} "
        while pattern in rest:
            at = rest.index(pattern)
            found.append((at, phrase))
            rest = rest[:at] + " " + "#" * (len(pattern) - 2) + " " + rest[at + len(pattern) :]
    return [phrase for _, phrase in sorted(found)]


def spread(rows: Mapping[str, object]) -> dict[str, object]:
    """Writes a table out: each phrase of a row's key, parted by commas, means what the row says."""
    return {phrase.strip(): meaning for phrases, meaning in rows.items() for phrase in phrases.split(",")}


# Ancestry: shares of the three that the body's shapes are made of, and the usual tone of skin from 0, very light, to 1, very dark.
# What several words say is mixed in equal parts; tone varies from person to person around it.
ANCESTRIES = spread(
    {
        "white, caucasian, european, american, british, english, french, german, dutch, polish, canadian, australian": ((0.0, 0.0, 1.0), 0.14),
        "nordic, scandinavian, swedish, norwegian, danish, finnish, icelandic, irish, scottish, celtic": ((0.0, 0.0, 1.0), 0.06),
        "slavic, russian, ukrainian, eastern european, czech, baltic": ((0.0, 0.06, 0.94), 0.1),
        "mediterranean, italian, spanish, greek, portuguese, southern european, jewish, sephardic, balkan": ((0.04, 0.0, 0.96), 0.27),
        "middle eastern, arab, arabic, persian, iranian, turkish, lebanese, syrian, iraqi, saudi, israeli, kurdish, armenian": ((0.08, 0.04, 0.88), 0.36),
        "north african, egyptian, moroccan, algerian, tunisian, berber, amazigh": ((0.25, 0.0, 0.75), 0.42),
        "black, african, west african, nigerian, ghanaian, kenyan, congolese, senegalese, sub saharan": ((1.0, 0.0, 0.0), 0.84),
        "african american, black american, afro american, afro caribbean, caribbean, jamaican, haitian": ((0.85, 0.0, 0.15), 0.76),
        "east african, ethiopian, somali, eritrean, sudanese, horn of africa": ((0.65, 0.0, 0.35), 0.74),
        "south african": ((0.8, 0.0, 0.2), 0.7),
        "afro latina, afro latino, afro latin, afro brazilian, dominican": ((0.65, 0.05, 0.3), 0.62),
        "east asian, chinese, japanese, korean, taiwanese, mongolian, hong kong": ((0.0, 1.0, 0.0), 0.18),
        "asian": ((0.0, 1.0, 0.0), 0.22),
        "southeast asian, vietnamese, thai, filipino, filipina, indonesian, malay, malaysian, cambodian, burmese, singaporean": ((0.1, 0.85, 0.05), 0.38),
        "central asian, kazakh, uzbek, kyrgyz, uyghur": ((0.0, 0.6, 0.4), 0.28),
        "south asian, indian, pakistani, bangladeshi, sri lankan, desi, nepali, tamil, punjabi, bengali": ((0.18, 0.22, 0.6), 0.55),
        "latina, latino, latinx, latin, latin american, hispanic, mexican, colombian, chilean, peruvian, argentinian, venezuelan": ((0.1, 0.25, 0.65), 0.36),
        "brazilian, cuban, puerto rican": ((0.3, 0.1, 0.6), 0.45),
        "native american, indigenous, first nations, american indian, inuit, andean, mestizo, mestiza": ((0.0, 0.6, 0.4), 0.45),
        "pacific islander, polynesian, hawaiian, samoan, maori, tongan": ((0.3, 0.55, 0.15), 0.52),
        "aboriginal, melanesian, papuan, fijian": ((0.8, 0.1, 0.1), 0.8),
        "eurasian": ((0.0, 0.5, 0.5), 0.18),
    }
)
#: Where several ancestries are not named: a mixture of all three.
MIXED = ("mixed", "mixed race", "biracial", "multiracial", "multiethnic", "ambiguous", "racially ambiguous")

#: What is said of skin itself goes before what its ancestry usually has.
TONES = spread(
    {
        "porcelain, very pale, very fair, alabaster": 0.0,
        "pale, fair, fair skin, fair skinned, ivory": 0.05,
        "light skin, light skinned, light, rosy": 0.12,
        "olive, olive skin, olive skinned": 0.32,
        "tan, tanned, golden, bronzed, sun kissed": 0.38,
        "medium, medium skin, caramel, honey": 0.45,
        "brown skin, brown skinned, brown": 0.58,
        "dark skin, dark skinned, deep skin, dark brown": 0.8,
        "very dark, ebony, very dark skin": 0.95,
    }
)

# Muscle, weight and height, each from 0 to 1; what is not said stays as the seed has it.
BODIES = spread(
    {
        "slim, slender, thin, skinny, lean, lithe, petite frame, willowy": {"weight": 0.27, "muscle": 0.45},
        "very thin, bony, gaunt": {"weight": 0.12, "muscle": 0.35},
        "petite, short, small": {"height": 0.22, "weight": 0.36},
        "tall": {"height": 0.8},
        "very tall": {"height": 0.95},
        "athletic, fit, toned, sporty, active": {"muscle": 0.72, "weight": 0.42},
        "muscular, strong, buff, ripped, bodybuilder": {"muscle": 0.95, "weight": 0.55},
        "average, medium, normal, regular": {"weight": 0.48, "muscle": 0.5},
        "curvy, hourglass, voluptuous, full figured": {"weight": 0.62, "cup": 0.7, "muscle": 0.45},
        "plus size, plus sized, heavy, large, big, fat, overweight": {"weight": 0.85, "muscle": 0.45},
        "stocky, broad, burly, sturdy, heavyset, broad shouldered": {"weight": 0.68, "muscle": 0.7},
        "chubby, soft, plump, rounded, dad bod": {"weight": 0.7, "muscle": 0.4},
        "lanky, rangy": {"height": 0.82, "weight": 0.28},
    }
)

#: Twenty colours of hair, linear, as a strand shows them.
HAIR_COLORS = spread(
    {
        "black, jet black, raven, ebony": (0.008, 0.007, 0.007),
        "off black, soft black": (0.014, 0.011, 0.009),
        "dark brown, espresso, dark, dark chocolate": (0.026, 0.014, 0.009),
        "brown, brunette, chocolate, medium brown": (0.06, 0.03, 0.016),
        "chestnut, mahogany": (0.075, 0.026, 0.013),
        "light brown, caramel, mocha": (0.125, 0.066, 0.034),
        "dark blond, dark blonde, dirty blond, dirty blonde, mousy": (0.2, 0.125, 0.065),
        "blond, blonde, golden, honey, honey blonde, golden blonde, sandy": (0.36, 0.23, 0.105),
        "light blond, light blonde, ash blonde, ash blond, ash": (0.45, 0.34, 0.21),
        "platinum, platinum blonde, platinum blond, bleached, white blonde": (0.66, 0.58, 0.45),
        "red, redhead, ginger, copper": (0.28, 0.075, 0.022),
        "auburn, dark red": (0.13, 0.034, 0.015),
        "strawberry blonde, strawberry blond, strawberry": (0.42, 0.18, 0.08),
        "burgundy, wine, cherry": (0.09, 0.01, 0.018),
        "grey, gray, silver, salt and pepper, greying, graying, steel": (0.3, 0.3, 0.31),
        "white, snow": (0.72, 0.71, 0.69),
        "pink, rose, pastel pink, hot pink": (0.62, 0.16, 0.28),
        "purple, violet, lavender, lilac": (0.2, 0.08, 0.38),
        "blue, navy, teal, turquoise": (0.03, 0.14, 0.34),
        "green, mint, emerald": (0.05, 0.25, 0.1),
    }
)
#: What hair is where nobody says: of the named colours, by how dark the skin is (up to this tone).
USUAL_HAIR = (
    (0.1, ("brown", "light brown", "dark blond", "blond", "dark brown", "red", "light blond")),
    (0.2, ("brown", "dark brown", "light brown", "dark blond", "chestnut", "blond")),
    (0.45, ("dark brown", "brown", "off black", "chestnut")),
    (1.0, ("black", "off black", "black")),
)
#: From these years on hair turns grey, a little more with each.
GREY_FROM, GREY_UNTIL = 44, 76

#: Asset, and whom it is chosen for where no style is said: f, m, or both; "-" for nobody.
HAIR_STYLES = spread(
    {
        "long, long straight, straight, sleek, long hair, flowing, waist length": "long01",
        "wavy, long wavy, waves, beachy, beach waves, loose waves, layered, long layers, shoulder length, medium, medium length": "long_alpha7",
        "curly, long curly, curls, coily, loose curls, spiral curls, dreadlocks, dreads, locs, box braids, braids, cornrows, twists, loose twists": "curly2",
        "fringe, bangs, straight bangs, curtain bangs, blunt bangs, hime cut": "junglebookhair",
        "bob, blunt bob, short bob, lob, long bob, chin length, asymmetric bob": "bob02",
        "braid, side braid, french braid, plait, braided": "Braid01",
        "ponytail, high ponytail, pony, low ponytail, tied back, pulled back": "ponytail01",
        "bun, top knot, topknot, updo, chignon, messy bun, man bun, low bun, french twist": "Wig_bun_blonde",
        "ringlets, victorian curls": "southernbelleringlets",
        "afro, natural, natural hair, big afro, short afro, curly afro, tapered afro": "afro01",
        "short, crop, cropped, short crop, short hair, short textured, textured crop, french crop, tousled, messy, short messy, shaggy": "short02",
        "pixie, pixie cut, side part, side parted, slicked, slicked back, slick, undercut, quiff, pompadour": "short03",
        "buzz, buzz cut, crew cut, fade, taper fade, high fade, military, very short, close cropped, short curls, short curly": "short01",
        "mohawk, hawk, punk, spiky, spikes": "Harvey_Hawk1",
        "widow s peak, receding, thinning, combed back, brushed back": "short04",
        "bald, shaved, shaved head, no hair, hairless, clean shaven head": "",
    }
)
USUAL_STYLES = {
    "f": ("long01", "long_alpha7", "bob02", "ponytail01", "Braid01", "junglebookhair", "Wig_bun_blonde", "curly2"),
    "m": ("short02", "short03", "short04", "short01", "short02", "short04"),
    "n": ("short02", "short03", "bob02", "long_alpha7", "short01", "ponytail01"),
}
#: Where ancestry is mostly African, and no style is said.
USUAL_AFRO_STYLES = {"f": ("afro01", "curly2", "short01", "afro01"), "m": ("short01", "afro01", "short01"), "n": ("afro01", "short01", "curly2")}

BROWS = {"f": ("eyebrow010", "eyebrow011", "eyebrow001"), "m": ("eyebrow008", "eyebrow012", "eyebrow004", "eyebrow009"), "n": ("eyebrow004", "eyebrow010", "eyebrow012")}

#: Textures of eyes, by how dark the skin is (up to this tone).
USUAL_EYES = (
    (0.12, ("blue", "grey", "brownlight", "green", "lightblue", "bluegreen")),
    (0.3, ("brown", "brownlight", "green", "grey", "blue")),
    (0.5, ("brown", "brown", "brownlight", "green")),
    (1.0, ("brown",)),
)

BEARDS = spread(
    {
        "beard, bearded, full beard, long beard, lumberjack": "Full_beard",
        "moustache, mustache, handlebar": "Moustache",
        "stubble, stubbled, five o clock shadow, scruff, scruffy, unshaven": "stubble",
        "clean shaven, shaved, no beard, smooth": "",
    }
)
GLASSES = ("glasses", "spectacles", "eyeglasses", "bespectacled", "nerd", "nerdy", "bookish", "librarian", "sunglasses")
HATS = spread({"fedora, trilby": "fedora", "hat, fishing hat, bucket hat, sun hat, cap, outdoorsman": "Fishing_Hat_01"})

#: What is worn, by asset; the first is the top layer.
OUTFITS: dict[str, tuple[str, ...]] = {
    "tee_f": ("female_casualsuit01", "shoes05"),
    "blouse": ("Rolled_neck_blouse", "Tightjeans", "shoes03"),
    "tunic": ("Asymmetric_Tunic_and_Sash", "Tightjeans", "shoes01"),
    "sleeveless": ("VNeckTop", "Tightjeans", "shoes05"),
    "skirt_suit": ("female_elegantsuit01", "shoes03"),
    "coat": ("Coat", "female_casualsuit01", "shoes03"),
    "dress": ("F_Dress_01", "shoes03"),
    "summer_dress": ("F_Dress_02", "shoes05"),
    "party_dress": ("F_Dress_03", "shoes03"),
    "sari": ("Sari1", "VNeckTop", "shoes03"),
    "sweater": ("male_casualsuit02", "shoes05"),
    "shirt": ("male_casualsuit03", "shoes01"),
    "tee_m": ("male_casualsuit04", "shoes06"),
    "jacket": ("male_casualsuit05", "shoes04"),
    "tee": ("male_casualsuit06", "shoes05"),
    "denim": ("male_casualsuit01", "shoes04"),
    "suit": ("male_elegantsuit01", "shoes03"),
    "overalls": ("male_worksuit01", "shoes02"),
}

#: Colours by name, linear.
COLORS = spread(
    {
        "black": (0.012, 0.012, 0.014),
        "charcoal": (0.035, 0.037, 0.042),
        "grey, gray": (0.2, 0.2, 0.21),
        "white": (0.72, 0.71, 0.69),
        "cream, ivory, ecru": (0.62, 0.54, 0.41),
        "beige, sand, camel, tan": (0.38, 0.27, 0.17),
        "brown": (0.1, 0.05, 0.028),
        "rust, terracotta": (0.29, 0.075, 0.03),
        "red": (0.34, 0.018, 0.02),
        "burgundy, wine": (0.1, 0.009, 0.018),
        "pink, blush, rose": (0.6, 0.22, 0.26),
        "orange": (0.55, 0.15, 0.02),
        "mustard, yellow": (0.5, 0.28, 0.03),
        "olive, khaki, army": (0.11, 0.115, 0.045),
        "green, forest": (0.025, 0.1, 0.045),
        "sage, mint": (0.27, 0.36, 0.25),
        "teal, turquoise": (0.02, 0.15, 0.16),
        "sky, light blue": (0.26, 0.42, 0.6),
        "blue, cobalt": (0.035, 0.1, 0.36),
        "navy": (0.012, 0.022, 0.065),
        "purple, violet, plum": (0.1, 0.03, 0.16),
        "lavender, lilac": (0.38, 0.3, 0.56),
        "denim": (0.075, 0.125, 0.22),
        "dark denim": (0.02, 0.032, 0.065),
    }
)

#: Clothes by style: for women, for men, for both; colours of the top layer, of what is below, and of the backdrop.
STYLES: dict[str, dict] = spread(  # type: ignore[assignment]
    {
        "casual, everyday, relaxed, basic, comfy, effortless, laid back, cozy": dict(
            f=("tee_f", "blouse", "sweater"), m=("tee_m", "sweater", "shirt"), n=("tee", "sweater", "jacket"),
            top=("teal", "rust", "navy", "sage", "mustard", "cream"), bottom=("denim", "dark denim"), backdrop=("beige", "sky", "sage")),
        "streetwear, street, urban, hip hop, skater, sneakerhead, hypebeast, skate": dict(
            f=("jacket", "tee", "tee_f"), m=("jacket", "tee", "tee_m"), n=("jacket", "tee"),
            top=("black", "red", "olive", "orange", "purple"), bottom=("dark denim", "black"), backdrop=("grey", "orange", "teal")),
        "minimalist, minimal, clean, simple, monochrome, modern, scandinavian, quiet luxury, understated, neutral": dict(
            f=("sweater", "blouse", "coat"), m=("sweater", "tee", "shirt"), n=("sweater", "tee"),
            top=("cream", "black", "grey", "beige", "white"), bottom=("black", "charcoal", "beige"), backdrop=("grey", "cream")),
        "business, professional, corporate, office, executive, business casual, smart, smart casual, formal, tailored, power suit": dict(
            f=("skirt_suit", "suit", "coat"), m=("suit", "shirt"), n=("suit", "shirt"),
            top=("navy", "charcoal", "black", "burgundy", "grey"), bottom=("charcoal", "navy", "black"), backdrop=("grey", "sky", "navy")),
        "elegant, glam, glamorous, luxury, luxurious, chic, sophisticated, evening, classy, haute couture, red carpet, couture, high fashion": dict(
            f=("dress", "skirt_suit", "party_dress"), m=("suit",), n=("suit", "coat"),
            top=("black", "burgundy", "forest", "navy", "red"), bottom=("black", "charcoal"), backdrop=("burgundy", "charcoal", "beige")),
        "sporty, athletic, athleisure, activewear, sport, gym, fitness, workout, yoga": dict(
            f=("tee_f", "sleeveless"), m=("tee_m", "tee"), n=("tee", "tee_m"),
            top=("cobalt", "orange", "black", "mint", "red"), bottom=("black", "charcoal", "navy"), backdrop=("sky", "grey", "mint")),
        "boho, bohemian, hippie, free spirited, festival, earthy": dict(
            f=("tunic", "summer_dress"), m=("shirt", "sweater"), n=("tunic", "shirt"),
            top=("rust", "mustard", "cream", "sage", "terracotta"), bottom=("denim", "brown", "beige"), backdrop=("terracotta", "sand", "sage")),
        "vintage, retro, classic, old money, mid century, 50s, 70s, preppy, ivy, academia, dark academia": dict(
            f=("party_dress", "skirt_suit", "coat"), m=("shirt", "jacket", "suit"), n=("shirt", "coat"),
            top=("burgundy", "forest", "camel", "navy", "mustard"), bottom=("brown", "charcoal", "beige"), backdrop=("camel", "olive", "cream")),
        "grunge, punk, goth, gothic, edgy, rock, rocker, alternative, emo, biker, dark": dict(
            f=("jacket", "tee_f", "denim"), m=("jacket", "denim"), n=("jacket", "denim"),
            top=("black", "charcoal", "burgundy", "black"), bottom=("black", "dark denim"), backdrop=("charcoal", "purple", "burgundy")),
        "romantic, feminine, cottagecore, girly, soft, coquette, sweet, dreamy": dict(
            f=("summer_dress", "dress", "blouse"), m=("shirt", "sweater"), n=("blouse", "shirt"),
            top=("pink", "lavender", "cream", "sage", "sky"), bottom=("denim", "cream", "beige"), backdrop=("blush", "lavender", "mint")),
        "workwear, rugged, outdoorsy, outdoor, utilitarian, gorpcore, western, country, farm, mechanic": dict(
            f=("overalls", "denim", "jacket"), m=("denim", "overalls", "jacket"), n=("overalls", "denim"),
            top=("olive", "denim", "rust", "khaki"), bottom=("dark denim", "brown", "olive"), backdrop=("sage", "khaki", "sky")),
        "futuristic, techwear, cyberpunk, sci fi, avant garde, tech": dict(
            f=("coat", "jacket"), m=("jacket", "suit"), n=("jacket", "coat"),
            top=("black", "white", "cobalt", "purple"), bottom=("black", "charcoal"), backdrop=("purple", "teal", "navy")),
        "y2k, colorful, colourful, playful, maximalist, bright, quirky, artsy, artistic, eclectic, pop, kawaii": dict(
            f=("summer_dress", "tee_f", "tunic"), m=("tee_m", "jacket"), n=("tee", "overalls"),
            top=("pink", "orange", "yellow", "cobalt", "turquoise", "violet"), bottom=("denim", "white", "purple"), backdrop=("lilac", "mint", "orange", "sky")),
        "sari, saree, traditional indian, desi": dict(
            f=("sari",), m=("shirt",), n=("shirt",), top=("red", "teal", "purple", "mustard"), bottom=("cream", "brown"), backdrop=("terracotta", "sand")),
    }
)
USUAL_STYLE = "casual"

#: What a face does: face units of the body's expression targets, each from 0 to 1, and how far the head is lowered, in degrees.
EXPRESSIONS = spread(
    {
        "warm, friendly, kind, approachable, welcoming, gentle, sweet, caring, empathetic, nurturing": {"smile": 0.42, "squint": 0.15},
        "cheerful, happy, joyful, bubbly, upbeat, playful, fun, energetic, sunny, optimistic, outgoing, bright, goofy": {"smile": 0.68, "squint": 0.25, "brow": 0.2},
        "confident, bold, charismatic, assertive, self assured, powerful, fierce, boss": {"smile": 0.2, "brow_down": 0.1, "chin": -2},
        "serious, intense, stern, stoic, focused, determined, edgy, brooding": {"brow_down": 0.28, "press": 0.15},
        "deadpan, dry, unimpressed, sarcastic, aloof, cool, blase, detached": {"lid": 0.12, "press": 0.12, "smirk": 0.14},
        "sharp, witty, sharper, cunning, clever, ironic, snarky": {"smirk": 0.4, "brow_one": 0.4},
        "mysterious, sultry, seductive, alluring, enigmatic, moody": {"lid": 0.14, "smirk": 0.2, "chin": 3},
        "calm, serene, peaceful, zen, relaxed, chill, laid back, easygoing": {"smile": 0.22, "lid": 0.1},
        "shy, timid, introverted, quiet, reserved": {"smile": 0.15, "brow": 0.25, "chin": 4},
        "elegant, sophisticated, refined, regal, poised, classy": {"smile": 0.14, "lid": 0.06, "chin": -3},
        "curious, dreamy, creative, thoughtful, whimsical, wonder": {"brow": 0.4, "smile": 0.22, "wide": 0.15},
        "tough, rebellious, angry, aggressive, hardened": {"brow_down": 0.4, "press": 0.3, "sneer": 0.15},
        "sad, melancholic, wistful, somber, melancholy": {"frown": 0.3, "brow_inner": 0.5, "lid": 0.12},
        "professional, trustworthy, sincere, honest, reliable, intelligent, wise": {"smile": 0.3, "squint": 0.08},
    }
)
UNITS = {
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "smirk": ("mouthSmileLeft",),
    "squint": ("cheekSquintLeft", "cheekSquintRight", "eyeSquintLeft", "eyeSquintRight"),
    "brow": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "brow_one": ("browOuterUpLeft",),
    "brow_inner": ("browInnerUp",),
    "brow_down": ("browDownLeft", "browDownRight"),
    "lid": ("eyeBlinkLeft", "eyeBlinkRight"),
    "wide": ("eyeWideLeft", "eyeWideRight"),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "sneer": ("noseSneerLeft", "noseSneerRight"),
}

#: The face, as the seed makes it: pairs of targets, one for less and one for more, and how far each may go. Chosen so that faces
#: differ clearly and none is out of the common: about nine in ten lie within two thirds of the limit.
FACE: tuple[tuple[str, str, float], ...] = (
    ("head/head-fat-decr", "head/head-fat-incr", 0.45),
    ("head/head-scale-vert-decr", "head/head-scale-vert-incr", 0.35),
    ("head/head-scale-horiz-decr", "head/head-scale-horiz-incr", 0.3),
    ("head/head-round", "head/head-rectangular", 0.45),
    ("head/head-oval", "head/head-square", 0.45),
    ("head/head-invertedtriangular", "head/head-triangular", 0.3),
    ("forehead/forehead-scale-vert-decr", "forehead/forehead-scale-vert-incr", 0.5),
    ("forehead/forehead-temple-decr", "forehead/forehead-temple-incr", 0.5),
    ("eyebrows/eyebrows-trans-down", "eyebrows/eyebrows-trans-up", 0.45),
    ("eyebrows/eyebrows-angle-down", "eyebrows/eyebrows-angle-up", 0.25),
    ("eyes/?-eye-scale-decr", "eyes/?-eye-scale-incr", 0.42),
    ("eyes/?-eye-trans-in", "eyes/?-eye-trans-out", 0.45),
    ("eyes/?-eye-corner1-down", "eyes/?-eye-corner1-up", 0.5),
    ("eyes/?-eye-corner2-down", "eyes/?-eye-corner2-up", 0.5),
    ("eyes/?-eye-eyefold-concave", "eyes/?-eye-eyefold-convex", 0.6),
    ("eyes/?-eye-bag-decr", "eyes/?-eye-bag-incr", 0.35),
    ("eyes/?-eye-height2-decr", "eyes/?-eye-height2-incr", 0.3),
    ("nose/nose-scale-horiz-decr", "nose/nose-scale-horiz-incr", 0.5),
    ("nose/nose-scale-vert-decr", "nose/nose-scale-vert-incr", 0.45),
    ("nose/nose-scale-depth-decr", "nose/nose-scale-depth-incr", 0.4),
    ("nose/nose-hump-decr", "nose/nose-hump-incr", 0.6),
    ("nose/nose-point-down", "nose/nose-point-up", 0.55),
    ("nose/nose-point-width-decr", "nose/nose-point-width-incr", 0.55),
    ("nose/nose-width1-decr", "nose/nose-width1-incr", 0.45),
    ("nose/nose-nostrils-width-decr", "nose/nose-nostrils-width-incr", 0.5),
    ("mouth/mouth-scale-horiz-decr", "mouth/mouth-scale-horiz-incr", 0.45),
    ("mouth/mouth-trans-down", "mouth/mouth-trans-up", 0.35),
    ("mouth/mouth-upperlip-height-decr", "mouth/mouth-upperlip-height-incr", 0.55),
    ("mouth/mouth-lowerlip-height-decr", "mouth/mouth-lowerlip-height-incr", 0.55),
    ("mouth/mouth-upperlip-volume-decr", "mouth/mouth-upperlip-volume-incr", 0.5),
    ("mouth/mouth-lowerlip-volume-decr", "mouth/mouth-lowerlip-volume-incr", 0.5),
    ("mouth/mouth-angles-down", "mouth/mouth-angles-up", 0.3),
    ("mouth/mouth-cupidsbow-decr", "mouth/mouth-cupidsbow-incr", 0.6),
    ("chin/chin-width-decr", "chin/chin-width-incr", 0.5),
    ("chin/chin-height-decr", "chin/chin-height-incr", 0.42),
    ("chin/chin-prominent-decr", "chin/chin-prominent-incr", 0.45),
    ("chin/chin-bones-decr", "chin/chin-bones-incr", 0.5),
    ("chin/chin-jaw-drop-decr", "chin/chin-jaw-drop-incr", 0.35),
    ("cheek/?-cheek-bones-decr", "cheek/?-cheek-bones-incr", 0.6),
    ("cheek/?-cheek-volume-decr", "cheek/?-cheek-volume-incr", 0.5),
    ("ears/?-ear-scale-decr", "ears/?-ear-scale-incr", 0.4),
    ("ears/?-ear-wing-decr", "ears/?-ear-wing-incr", 0.45),
    ("neck/neck-scale-vert-decr", "neck/neck-scale-vert-incr", 0.3),
    ("neck/neck-scale-horiz-decr", "neck/neck-scale-horiz-incr", 0.25),
)

AGE_WORDS = spread(
    {
        "teen, teenager, teens, late teens, gen z": (18, 21),
        "young, young adult, twenties, student, college": (20, 29),
        "thirties, millennial, adult": (30, 39),
        "forties": (40, 49),
        "middle aged, midlife, fifties, mature, gen x": (48, 58),
        "sixties, older, boomer": (60, 69),
        "senior, elderly, old, seventies, eighties, retired": (70, 84),
    }
)
YOUNGEST, OLDEST = 18, 90
UNSTATED_AGES = (20, 44)
