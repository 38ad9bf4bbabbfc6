# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at drafts: needs the asset folder, which `STUDIO_ASSETS` names."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from doppel_studio import scene
from doppel_studio.assets import Assets
from doppel_studio.person import person_of

ASSETS = Assets(Path(os.environ["STUDIO_ASSETS"]))
DETECTOR = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")

#: Clothes in colours that no skin has, so that skin is told from cloth.
PEOPLE: dict[str, dict] = {
    "ann": {"gender": "female", "ageRange": "25-34", "ethnicity": "East Asian", "hairStyle": "long straight", "style": "navy minimalist", "vibe": "calm"},
    "ben": {"gender": "male", "ageRange": "30s", "ethnicity": "Black", "hairStyle": "fade", "style": "teal streetwear", "bodyType": "athletic"},
    "cleo": {"gender": "female", "ageRange": "60s", "ethnicity": "White", "hairColor": "silver", "hairStyle": "bob", "style": "green elegant"},
    "dana": {"gender": "nonbinary", "ageRange": "20s", "ethnicity": "Latinx", "hairStyle": "short", "style": "cobalt y2k", "vibe": "bubbly"},
    "emil": {"gender": "male", "ageRange": "70+", "ethnicity": "South Asian", "style": "navy business", "hairStyle": "short"},
    "femi": {"gender": "female", "ageRange": "young adult", "ethnicity": "Nigerian", "hairStyle": "afro", "style": "blue colorful", "vibe": "joyful"},
    "gus": {"gender": "male", "ageRange": "25", "ethnicity": "Scandinavian", "hairColor": "blonde", "style": "green casual", "bodyType": "lanky"},
    "hana": {"gender": "female", "ageRange": "40s", "ethnicity": "Middle Eastern", "hairStyle": "wavy", "style": "purple professional", "bodyType": "curvy"},
    "igor": {"gender": "male", "ageRange": "45", "ethnicity": "Slavic", "hairStyle": "bald", "style": "teal vintage", "bodyType": "large"},
    "june": {"gender": "female", "ageRange": "16", "ethnicity": "Irish", "hairColor": "ginger", "hairStyle": "ponytail", "style": "blue sporty", "vibe": "shy"},
}
CLONES: dict[str, dict] = {
    "ann": {"vibe": "sharper, more deadpan", "style": "red streetwear"},
    "ben": {"vibe": "serious", "style": "purple formal"},
    "femi": {"vibe": "calm", "hairColor": "dark brown"},
    "gus": {"vibe": "cheerful", "style": "black grunge"},
}


@dataclass(frozen=True)
class Face:
    x: int
    y: int
    size: int


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafts")

    @cache
    def draw(name: str, shot: str, is_clone: bool = False, again: int = 0) -> np.ndarray:
        identity = {**PEOPLE[name], **(CLONES[name] if is_clone else {})}
        file = folder / f"{name}-{shot}-{is_clone}-{again}.png"
        scene.render(ASSETS, person_of(identity, f"seed of {name}"), shot, scene.QUALITIES["draft"], file)
        return cv2.imread(str(file))

    return draw


def face_of(picture: np.ndarray) -> Face:
    """The largest face of a picture, in pixels of four times its size, at which the detector sees small ones too."""
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    found = DETECTOR.detectMultiScale(cv2.cvtColor(large, cv2.COLOR_BGR2GRAY), 1.05, 3, minSize=(90, 90))
    assert len(found), "no face is seen"
    x, y, size, _ = max(found, key=lambda box: box[2])
    return Face(int(x) // 4, int(y) // 4, int(size) // 4)


def embedding_of(picture: np.ndarray) -> np.ndarray:
    """How the edges of a face run: a histogram of oriented gradients, over its middle, without hair and clothes."""
    face = face_of(picture)
    inset = int(face.size * 0.14)
    crop = picture[face.y + inset : face.y + face.size - inset // 2, face.x + inset : face.x + face.size - inset]
    grey = cv2.equalizeHist(cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (64, 64)))
    histogram = cv2.HOGDescriptor((64, 64), (16, 16), (8, 8), (8, 8), 9).compute(grey).ravel()
    return histogram / np.linalg.norm(histogram)


@pytest.mark.parametrize("name", PEOPLE)
def test_draws_a_picture_with_something_in_it(drawn, name):
    picture = drawn(name, "portrait")
    assert picture.shape == (256, 256, 3)
    assert picture.std() > 20
    assert 15 < picture.mean() < 240


@pytest.mark.parametrize("name", PEOPLE)
def test_shows_a_face_where_a_portrait_has_it(drawn, name):
    face = face_of(drawn(name, "portrait"))
    assert 0.4 < (face.x + face.size / 2) / 256 < 0.6
    assert 0.25 < (face.y + face.size / 2) / 256 < 0.55
    assert 0.25 < face.size / 256 < 0.62


@pytest.mark.parametrize("name", PEOPLE)
def test_dresses_everybody(drawn, name):
    face = face_of(drawn(name, "portrait"))
    portrait, standing = (cv2.cvtColor(drawn(name, shot), cv2.COLOR_BGR2LAB).astype(float) for shot in ("portrait", "half_length"))
    third = face.size // 3
    cheeks = portrait[face.y + third : face.y + 2 * third, face.x + third : face.x + 2 * third].reshape(-1, 3)
    skin = np.median(cheeks, axis=0)
    torso = standing[150:230, 106:150].reshape(-1, 3)
    like_skin = (np.linalg.norm(torso[:, 1:] - skin[1:], axis=1) < 9) & (np.abs(torso[:, 0] - skin[0]) < 60)
    assert like_skin.mean() < 0.12


@pytest.mark.parametrize("name", CLONES)
def test_keeps_the_face_of_a_clone_nearer_than_any_stranger(drawn, name):
    source = embedding_of(drawn(name, "portrait"))
    clone = np.linalg.norm(source - embedding_of(drawn(name, "portrait", is_clone=True)))
    strangers = {other: np.linalg.norm(source - embedding_of(drawn(other, "portrait"))) for other in PEOPLE if other != name}
    assert clone < min(strangers.values()), f"clone {clone:.3f}, strangers {strangers}"


def test_draws_the_same_pixels_each_time_but_for_what_the_denoiser_rounds(drawn):
    first, second = (drawn("ann", "portrait", again=number).astype(int) for number in (0, 1))
    assert np.abs(first - second).max() <= 2
    assert (first != second).mean() < 0.01
