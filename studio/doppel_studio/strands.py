# SPDX-License-Identifier: GPL-3.0-or-later
"""Hair as strands: what a hair style's texture paints on its surfaces, traced into curves that lie on them.

The styles come as surfaces with strands painted on. Which way the paint runs is read from the texture (its structure tensor),
curves are traced along it in texture space, and each is taken back to the surface, raised a little from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .body import Mesh

#: Cells of the grid on which one piece of a surface is looked up, along its longer side.
GRID = 160

#: The longest strand of a style, in metres; of the others it is `LONG`.
LONG = 0.16
LENGTHS = {"short01": 0.035, "short02": 0.075, "short03": 0.11, "short04": 0.06, "afro01": 0.04, "Harvey_Hawk1": 0.08, "Full_beard": 0.035, "Moustache": 0.025}

#: Of a style whose surfaces are mostly holes, more strands are traced: so many times as many.
DENSITY = {"curly2": 2.5}


@dataclass
class Strands:
    #: Strands by points by coordinates, in metres.
    points: np.ndarray
    #: At each point, in metres.
    radii: np.ndarray


def _orientation(file: str) -> tuple[np.ndarray, np.ndarray]:
    """Which way the paint runs at each texel, as (du, dv) with v upwards, and how opaque it is."""
    pixels = np.asarray(Image.open(file).convert("RGBA"), np.float32) / 255
    light = pixels[..., :3].mean(axis=2) * pixels[..., 3]
    gy, gx = np.gradient(light)
    xx, yy, xy = (_blurred(part) for part in (gx * gx, gy * gy, gx * gy))
    along = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    return np.stack([np.cos(along), -np.sin(along)], axis=2), pixels[..., 3]


def _blurred(values: np.ndarray, times: int = 3, reach: int = 4) -> np.ndarray:
    for _ in range(times):
        for axis in (0, 1):
            padded = np.pad(values, [(reach, reach) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
            sums = np.cumsum(padded, axis=axis)
            size = values.shape[axis]
            ahead = np.take(sums, range(2 * reach, 2 * reach + size), axis=axis)
            behind = np.take(sums, range(0, size), axis=axis)
            values = (ahead - behind) / (2 * reach)
    return values


def trace(pieces: list[Mesh], file: str, count: int, length: float, rng: np.random.Generator, steps: int = 12) -> Strands:
    """Traces about so many strands, at most `length` metres long, over the pieces of a surface."""
    direction, opacity = _orientation(file)
    areas = [_area(piece) for piece in pieces]
    total = sum(area.sum() for area in areas)
    found = []
    for piece, area in zip(pieces, areas):
        share = int(round(count * area.sum() / total))
        if share > 0:
            found.append(_trace_piece(piece, area, direction, opacity, share, rng, length, steps))
    points = np.concatenate([part for part in found if len(part)])
    size = points.shape[1]
    taper = np.sin(np.linspace(0.12, np.pi * 0.97, size)) ** 0.5
    radii = rng.uniform(0.7, 1.3, len(points))[:, None] * taper[None] * 0.00042
    return Strands(points, radii)


def _triangles(piece: Mesh) -> tuple[np.ndarray, np.ndarray]:
    corners, uvs = [], []
    for face, face_uv in zip(piece.faces, piece.face_uvs):
        for second in range(1, len(face) - 1):
            corners.append((face[0], face[second], face[second + 1]))
            uvs.append((face_uv[0], face_uv[second], face_uv[second + 1]))
    return piece.vertices[np.array(corners)], piece.uvs[np.array(uvs)]


def _area(piece: Mesh) -> np.ndarray:
    corners, _ = _triangles(piece)
    return 0.5 * np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)


def _trace_piece(piece, area, direction, opacity, count, rng, length, steps) -> np.ndarray:
    corners, uvs = _triangles(piece)
    low, high = uvs.reshape(-1, 2).min(axis=0), uvs.reshape(-1, 2).max(axis=0)
    span = np.maximum(high - low, 1e-6)
    place, normal, scale = _lookup(corners, uvs, low, span)
    chosen = rng.choice(len(area), count, p=area / area.sum())
    a, b = rng.random((2, count))
    flip = a + b > 1
    a[flip], b[flip] = 1 - a[flip], 1 - b[flip]
    start = uvs[chosen, 0] + a[:, None] * (uvs[chosen, 1] - uvs[chosen, 0]) + b[:, None] * (uvs[chosen, 2] - uvs[chosen, 0])
    step = length / steps
    halves = []
    for sign in (1, -1):
        at, before = start.copy(), None
        path = []
        alive = np.ones(count, bool)
        for number in range(steps // 2 + 1):
            if number or sign == 1:
                path.append(np.where(alive[:, None], _at(place, at, low, span), np.nan))
            texel = _texel(at, direction.shape)
            way = direction[texel]
            way = way * (sign if before is None else np.where((way * before).sum(axis=1) < 0, -1, 1)[:, None])
            before = way
            metres = np.nan_to_num(_at(scale[..., None], at, low, span)[:, 0], nan=1e9)
            at = at + way * (step / np.maximum(metres, 1e-4))[:, None]
            cell = _cell(at, low, span)
            inside = ((at >= low) & (at <= low + span)).all(axis=1)
            alive &= inside & ~np.isnan(place[cell][..., 0]) & (opacity[_texel(at, opacity.shape)] > 0.25)
        halves.append(path)
    path = np.stack(halves[1][::-1] + halves[0], axis=1)
    whole = ~np.isnan(path[..., 0])
    enough = whole.sum(axis=1) >= 4
    path, whole, start = path[enough], whole[enough], start[enough]
    if not len(path):
        return np.zeros((0, steps, 3))
    # Strands that ended early are drawn out again over as many points as the others.
    result = np.empty((len(path), steps, 3))
    for number, (points, there) in enumerate(zip(path, whole)):
        own = points[there]
        result[number] = np.stack([np.interp(np.linspace(0, len(own) - 1, steps), np.arange(len(own)), own[:, axis]) for axis in range(3)], axis=1)
    out = _at(normal, start, low, span)
    lift = rng.gamma(1.6, 0.0011, len(result))[:, None, None]
    stray = np.where(rng.random(len(result)) < 0.04, rng.uniform(0.003, 0.01, len(result)), 0)[:, None, None]
    along = np.linspace(0, 1, steps)[None, :, None]
    wobble = rng.normal(0, 0.0012, (len(result), 1, 3)) * np.sin(along * np.pi * rng.uniform(0.6, 1.6, (len(result), 1, 1)) + rng.uniform(0, 6, (len(result), 1, 1)))
    return result + out[:, None, :] * (lift + stray * along**2) + wobble


def _lookup(corners, uvs, low, span):
    """Where on the surface each cell of texture space lies, its normal, and how many metres one unit of it is there."""
    place = np.full((GRID, GRID, 3), np.nan)
    normal = np.zeros((GRID, GRID, 3))
    scale = np.full((GRID, GRID), np.nan)
    scaled = (uvs - low) / span * (GRID - 1)
    sides = np.linalg.norm(corners[:, [1, 2, 0]] - corners, axis=2).mean(axis=1)
    uv_sides = np.linalg.norm(uvs[:, [1, 2, 0]] - uvs, axis=2).mean(axis=1)
    crosses = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    crosses /= np.maximum(np.linalg.norm(crosses, axis=1), 1e-12)[:, None]
    extent = np.ptp(scaled, axis=1).max(axis=1)
    for triangle, size in enumerate(extent):
        n = int(min(max(2, np.ceil(size * 1.5)), 120))
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
        keep = i + j <= n
        a, b = i[keep] / n, j[keep] / n
        uv = scaled[triangle, 0] + a[:, None] * (scaled[triangle, 1] - scaled[triangle, 0]) + b[:, None] * (scaled[triangle, 2] - scaled[triangle, 0])
        xyz = corners[triangle, 0] + a[:, None] * (corners[triangle, 1] - corners[triangle, 0]) + b[:, None] * (corners[triangle, 2] - corners[triangle, 0])
        rows = np.clip(np.round(uv).astype(int), 0, GRID - 1)
        place[rows[:, 1], rows[:, 0]] = xyz
        normal[rows[:, 1], rows[:, 0]] = crosses[triangle]
        scale[rows[:, 1], rows[:, 0]] = sides[triangle] / max(uv_sides[triangle], 1e-9)
    return place, normal, scale


def _cell(at, low, span):
    cell = np.clip(np.round((at - low) / span * (GRID - 1)), 0, GRID - 1).astype(int)
    return cell[:, 1], cell[:, 0]


def _at(grid, at, low, span):
    return grid[_cell(at, low, span)]


def _texel(at, shape):
    column = np.clip((at[:, 0] % 1) * shape[1], 0, shape[1] - 1).astype(int)
    row = np.clip((1 - at[:, 1] % 1) * shape[0], 0, shape[0] - 1).astype(int)
    return row, column
