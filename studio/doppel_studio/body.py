# SPDX-License-Identifier: GPL-3.0-or-later
"""A person's body in numbers: the base mesh, moved by its targets, posed by its rig, and what is worn, fitted to it.

MakeHuman's axes and decimetres until `to_scene`: x to the person's left, y up, z to the front.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .assets import Assets, Proxy
from .person import Person
from .wardrobe import SHOES, TROUSERS

#: Vertices of the base mesh that are skin; what comes after are joints and helpers that clothes hang on.
SKIN = 13380


@dataclass
class Mesh:
    """Ready for the scene: metres, x to the person's left, y to the back, z up."""

    vertices: np.ndarray
    faces: list[list[int]]
    face_uvs: list[list[int]]
    uvs: np.ndarray
    #: A value for each vertex, by the name under which a material reads it.
    regions: dict[str, np.ndarray] = field(default_factory=dict)

    def of_faces(self, numbers: list[int]) -> Mesh:
        """A part of it: these faces alone."""
        return replace(self, faces=[self.faces[n] for n in numbers], face_uvs=[self.face_uvs[n] for n in numbers])

    @property
    def used(self) -> np.ndarray:
        """The vertices that are in a face."""
        return np.unique(np.concatenate([np.asarray(face) for face in self.faces]))


@dataclass
class Body:
    skin: Mesh
    worn: dict[str, tuple[Proxy, Mesh]]
    #: Points that the camera is set by, in the scene's metres.
    landmarks: dict[str, np.ndarray] = field(default_factory=dict)


def targets_of(person: Person) -> dict[str, float]:
    """How far each target of the base mesh is moved: the macro targets by the products of what a person is, then the face."""
    sexes = {"female": 1 - person.masculinity, "male": person.masculinity}
    ages = {"young": 1 - person.oldness, "old": person.oldness}
    muscles = _between(person.muscle, "minmuscle", "averagemuscle", "maxmuscle")
    weights = _between(person.weight, "minweight", "averageweight", "maxweight")
    found: dict[str, float] = {}

    def add(name: str, value: float) -> None:
        if value > 0.001:
            found[name] = found.get(name, 0) + value

    for sex, s in sexes.items():
        for age, a in ages.items():
            for ancestry, e in person.ancestry.items():
                add(f"macrodetails/{ancestry}-{sex}-{age}", s * a * e)
            for muscle, m in muscles.items():
                for weight, w in weights.items():
                    product = s * a * m * w
                    shape = f"{sex}-{age}-{muscle}-{weight}"
                    add(f"macrodetails/universal-{shape}", product)
                    height = "maxheight" if person.height > 0.5 else "minheight"
                    add(f"macrodetails/height/{shape}-{height}", product * abs(person.height - 0.5) * 2)
                    add(f"macrodetails/proportions/{shape}-idealproportions", product * person.proportions)
                    if sex == "female":
                        for cup, c in _between(person.cup, "mincup", "averagecup", "maxcup").items():
                            for firmness, f in _between(0.5 - 0.2 * person.oldness, "minfirmness", "averagefirmness", "maxfirmness").items():
                                add(f"breast/{shape}-{cup}-{firmness}", product * c * f)
    for name, value in {**person.face, **person.expression}.items():
        found[name] = found.get(name, 0) + value
    return found


def _between(value: float, low: str, middle: str, high: str) -> dict[str, float]:
    if value < 0.5:
        return {low: 1 - value * 2, middle: value * 2}
    return {middle: 2 - value * 2, high: value * 2 - 1}


def build(assets: Assets, person: Person, worn: list[tuple[str, str]], pose: dict[str, tuple[float, float, float]]) -> Body:
    """Makes the body of a person in a pose, with what is worn."""
    base = assets.body
    vertices = base["vertices"].astype(np.float64).copy()
    for name, value in targets_of(person).items():
        if assets.has_target(name):  # average shapes have no target: they are the base mesh's own
            indices, deltas = assets.target(name)
            vertices[indices] += value * deltas
    transforms = _pose(assets, vertices, pose)
    blended = np.einsum("vb,bij->vij", base["weights"].astype(np.float64), transforms)
    posed = _apply(blended, vertices)
    ground = posed[:SKIN, 1].min()

    def to_scene(points: np.ndarray) -> np.ndarray:
        moved = points - np.array([0, ground, 0])
        return np.stack([moved[:, 0], -moved[:, 2], moved[:, 1]], axis=1) * 0.1

    fitted: dict[str, tuple[Proxy, Mesh]] = {}
    covered = np.zeros(len(vertices), bool)
    hem = np.inf
    for kind, name in worn:
        proxy = assets.proxy(kind, name)
        rest = (vertices[proxy.references] * proxy.weights[:, :, None]).sum(axis=1) + proxy.offsets
        own = np.einsum("pk,pkij->pij", proxy.weights.astype(np.float64), blended[proxy.references])
        own /= np.maximum(proxy.weights.sum(axis=1), 1e-6)[:, None, None]
        points = _apply(own, rest)
        if kind == "clothes":
            covered |= proxy.covered
            if name in TROUSERS:
                hem = min(hem, points[:, 1].min())
                legs = base["weights"][:, [assets.rig["bones"].index(f"{bone}_{side}") for bone in ("thigh", "calf") for side in "lr"]].sum(axis=1) > 0.5
                covered |= legs & (posed[:, 1] > hem + 0.45)
        # Socks are hidden in trousers, and would come through.
        seen = [n for n, face in enumerate(proxy.faces) if name not in SHOES or (points[face, 1] < hem + 0.3).any()]
        fitted[f"{kind}/{name}"] = (proxy, Mesh(to_scene(points), proxy.faces, proxy.face_uvs, proxy.uvs).of_faces(seen))

    names = list(base["group_names"])
    is_skin = base["groups"] == names.index("body")
    bare = ~covered[np.maximum(base["faces"], 0)].all(axis=1)
    kept = np.where(is_skin & bare)[0]
    faces = [[v for v in face if v >= 0] for face in base["faces"][kept].tolist()]
    face_uvs = [[v for v in face if v >= 0] for face in base["face_uvs"][kept].tolist()]
    scene_points = to_scene(posed)
    regions = {
        "scalp": _region(base, assets.proxy("hair", "short01")),
        "beard": np.maximum(_region(base, assets.proxy("hair", "Full_beard")), _region(base, assets.proxy("hair", "Moustache"))),
    }
    skin = Mesh(scene_points, faces, face_uvs, base["uvs"], regions)

    def centre_of(group: str) -> np.ndarray:
        used = np.unique(base["faces"][base["groups"] == names.index(group)])
        return scene_points[used[used >= 0]].mean(axis=0)

    head = scene_points[:SKIN][base["weights"][:SKIN, assets.rig["bones"].index("head")] > 0.5]
    landmarks = {
        "left_eye": centre_of("helper-l-eye"),
        "right_eye": centre_of("helper-r-eye"),
        "mouth": centre_of("joint-mouth"),
        "top": np.array([0, head[:, 1].mean(), head[:, 2].max()]),
        "chin": np.array([0, head[:, 1].min(), head[:, 2].min()]),
        "head": head.mean(axis=0),
        "neck": centre_of("joint-neck"),
        "hips": centre_of("joint-pelvis"),
        "feet": (centre_of("joint-l-ankle") + centre_of("joint-r-ankle")) / 2 - np.array([0, 0.05, 0]),
    }
    return Body(skin, fitted, landmarks)


def _region(base: dict[str, np.ndarray], proxy: Proxy) -> np.ndarray:
    """Where on the skin something hangs: 1 there, 0 elsewhere, with a soft edge."""
    value = np.zeros(len(base["vertices"]))
    value[proxy.references.ravel()] = 1
    corners = base["faces"][:, :4]
    there = corners >= 0
    for _ in range(3):
        means = np.where(there, value[np.maximum(corners, 0)], 0).sum(axis=1) / there.sum(axis=1)
        sums, counts = np.zeros_like(value), np.zeros_like(value)
        for corner in range(4):
            np.add.at(sums, corners[there[:, corner], corner], means[there[:, corner]])
            np.add.at(counts, corners[there[:, corner], corner], 1)
        value = np.where(counts > 0, sums / np.maximum(counts, 1), value)
    return value


def _pose(assets: Assets, vertices: np.ndarray, pose: dict[str, tuple[float, float, float]]) -> np.ndarray:
    """The matrix of each bone: turned about its head by degrees about the body's own axes, then as its parent is."""
    rig = assets.rig
    matrices: dict[str, np.ndarray] = {}

    def matrix_of(bone: str) -> np.ndarray:
        if bone in matrices:
            return matrices[bone]
        joint = rig["joints"][bone]
        head = vertices[joint["head"]].mean(axis=0)
        turn = np.eye(4)
        turn[:3, :3] = _rotation(pose.get(bone, (0, 0, 0)))
        turn[:3, 3] = head - turn[:3, :3] @ head
        matrices[bone] = turn if not joint["parent"] else matrix_of(joint["parent"]) @ turn
        return matrices[bone]

    return np.stack([matrix_of(bone) for bone in rig["bones"]])


def _rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def _apply(matrices: np.ndarray, points: np.ndarray) -> np.ndarray:
    return np.einsum("vij,vj->vi", matrices[:, :3, :3], points) + matrices[:, :3, 3]
