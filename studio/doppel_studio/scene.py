# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets a person up in Blender, lights it, and renders one shot. Runs in a process of its own: Blender keeps global state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from .assets import Assets, Proxy
from .body import Body, Mesh, build
from .materials import Materials, components
from .person import Person
from .shots import SHOTS, ShotPlan
from .strands import DENSITY, LENGTHS, LONG, trace
from .wardrobe import worn_by


@dataclass(frozen=True)
class Quality:
    #: Edge of the picture, in pixels.
    size: int
    samples: int
    #: Where a pixel's noise is below this, no more samples are taken.
    threshold: float
    subdivisions: int
    #: Of one hair style.
    strands: int


QUALITIES = {"full": Quality(1024, 8, 0.06, 2, 20_000), "draft": Quality(256, 8, 0.1, 1, 6_000)}


def render(assets: Assets, person: Person, shot: str, quality: Quality, file: Path) -> list[str]:
    """Renders a shot into a PNG file; gives the keys of the assets that it used."""
    plan = SHOTS[shot]
    worn = worn_by(person)
    person = person.with_smile(plan.smile)
    x, y, z = plan.pose.get("head", (0, 0, 0))
    body = build(assets, person, worn, {**plan.pose, "head": (x + person.chin, y, z)})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    turn = _turned(-plan.turn)
    landmarks = {name: turn(point[None])[0] for name, point in body.landmarks.items()}
    landmarks["ground"] = np.zeros(3)
    camera = _camera(scene, plan, landmarks)
    materials = Materials(assets, person, hips=float(body.landmarks["hips"][2]))
    _add(scene, "skin", body.skin, turn, materials.skin(), quality.subdivisions)
    for key, (proxy, mesh) in body.worn.items():
        if proxy.kind == "eyes":
            mesh = _gazing(mesh, body, camera, turn, plan)
        if proxy.kind == "hair":
            mesh = _trimmed(mesh, body, bool(person.hat))
        for part, material, subdivisions in materials.of(proxy, mesh):
            _add(scene, key, part, turn, material, min(subdivisions, quality.subdivisions))
        if proxy.kind == "hair":
            _add_strands(scene, proxy, mesh, turn, materials.strand(), quality)
    _light(scene, landmarks, person, plan)
    _settings(scene, quality)
    scene.render.filepath = str(file)
    bpy.ops.render.render(write_still=True)
    return list(body.worn) + [f"skins/{materials.skin_name}"]


def _turned(degrees: float) -> Callable[[np.ndarray], np.ndarray]:
    angle = math.radians(degrees)
    matrix = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0], [0, 0, 1]])
    return lambda points: points @ matrix.T


def _add(scene, name: str, mesh: Mesh, turn, material, subdivisions: int) -> None:
    if not mesh.faces:
        return
    data = bpy.data.meshes.new(name)
    data.from_pydata(turn(mesh.vertices).tolist(), [], mesh.faces)
    layer = data.uv_layers.new()
    flat = np.concatenate([np.asarray(face) for face in mesh.face_uvs])
    layer.data.foreach_set("uv", mesh.uvs[flat].astype(np.float32).ravel())
    data.polygons.foreach_set("use_smooth", np.ones(len(mesh.faces), bool))
    for region, values in mesh.regions.items():
        data.attributes.new(region, "FLOAT", "POINT").data.foreach_set("value", values.astype(np.float32))
    data.materials.append(material)
    thing = bpy.data.objects.new(name, data)
    scene.collection.objects.link(thing)
    if subdivisions:
        modifier = thing.modifiers.new("smooth", "SUBSURF")
        modifier.levels = modifier.render_levels = subdivisions
        modifier.uv_smooth = "PRESERVE_BOUNDARIES"


def _trimmed(mesh: Mesh, body: Body, has_hat: bool) -> Mesh:
    """Hair without what would hang before an eye, since faces are what these pictures are for, or come through a hat."""
    hidden = np.zeros(len(mesh.vertices), bool)
    for eye in ("left_eye", "right_eye"):
        x, y, z = (mesh.vertices - body.landmarks[eye]).T
        hidden |= (np.abs(x) < 0.027) & (z < 0.014) & (z > -0.07) & (y < 0.02)
        if has_hat:
            hidden |= z > 0.045
    kept = [n for n, face in enumerate(mesh.faces) if not hidden[face].any()]
    return mesh.of_faces(kept)


def _add_strands(scene, proxy: Proxy, mesh: Mesh, turn, material, quality: Quality) -> None:
    count = int(quality.strands * DENSITY.get(proxy.name, 1))
    strands = trace(components(mesh), proxy.textures["diffuse"], count, LENGTHS.get(proxy.name, LONG), np.random.default_rng(1))
    count, size = strands.points.shape[:2]
    curves = bpy.data.hair_curves.new(proxy.name)
    curves.add_curves([size] * count)
    curves.attributes["position"].data.foreach_set("vector", turn(strands.points.reshape(-1, 3)).astype(np.float32).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", strands.radii.astype(np.float32).ravel())
    curves.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new(proxy.name, curves))


def _gazing(mesh: Mesh, body: Body, camera, turn, plan: ShotPlan) -> Mesh:
    """Turns both eyes to the camera, as far as eyes go; else they look ahead."""
    if not plan.looks_at_camera:
        return mesh
    vertices = mesh.vertices.copy()
    target = np.array(camera.location)
    back = np.linalg.inv(np.array([turn(row[None])[0] for row in np.eye(3)]).T)
    local = back @ target
    for eye in ("left_eye", "right_eye"):
        centre = body.landmarks[eye]
        mine = (vertices[:, 0] > 0) == (centre[0] > 0)
        to = local - centre
        yaw = np.clip(math.atan2(to[0], -to[1]), -0.5, 0.5)
        pitch = np.clip(math.atan2(to[2], math.hypot(to[0], to[1])), -0.25, 0.25)
        about_z = np.array([[math.cos(yaw), -math.sin(yaw), 0], [math.sin(yaw), math.cos(yaw), 0], [0, 0, 1]])
        about_x = np.array([[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]])
        vertices[mine] = (vertices[mine] - centre) @ (about_z @ about_x).T + centre
    return replace(mesh, vertices=vertices)


def _camera(scene, plan: ShotPlan, landmarks):
    first, second, part = plan.between
    head = landmarks["top"][2] - landmarks["chin"][2]
    middle_z = landmarks[first][2] * (1 - part) + landmarks[second][2] * part
    seen = landmarks["top"][2] * 1.14 if plan.shows_floor else plan.heads * head
    distance = seen * plan.lens / 36
    x = landmarks["head"][0] if plan.heads < 6 else landmarks["hips"][0]
    depth = landmarks["left_eye"][1] if plan.heads < 3 else landmarks["neck"][1]
    data = bpy.data.cameras.new("camera")
    data.lens = plan.lens
    camera = bpy.data.objects.new("camera", data)
    scene.collection.objects.link(camera)
    camera.location = (x, depth - distance, middle_z + 0.02 * distance)
    _aim(camera, (x, depth, middle_z))
    data.dof.use_dof = True
    data.dof.focus_distance = (Vector((landmarks["left_eye"] + landmarks["right_eye"]) / 2) - camera.location).length
    data.dof.aperture_fstop = plan.f_stop
    scene.camera = camera
    bpy.context.view_layer.update()
    return camera


def _aim(thing, target) -> None:
    thing.rotation_euler = (Vector(target) - thing.location).to_track_quat("-Z", "Y").to_euler()


def _light(scene, landmarks, person: Person, plan: ShotPlan) -> None:
    head = landmarks["head"]

    def area(name, offset, size, power, color, target=None):
        data = bpy.data.lights.new(name, "AREA")
        data.shape = "RECTANGLE"
        data.size, data.size_y = size
        data.energy = power
        data.color = color
        thing = bpy.data.objects.new(name, data)
        thing.location = (offset[0], offset[1], head[2] + offset[2])
        scene.collection.objects.link(thing)
        _aim(thing, target if target is not None else (0, 0, head[2] - 0.1))

    area("key", (-1.25, -1.7, 0.75), (0.9, 1.2), 58, (1, 0.95, 0.9), (0, 0, head[2] - 0.2))
    area("fill", (1.9, -1.5, 0.1), (1.6, 2.0), 11, (0.92, 0.96, 1), (0, 0, head[2] - 0.4))
    area("rim", (1.1, 1.1, 0.7), (0.5, 1.4), 9, (1, 0.97, 0.94))
    area("hair", (-0.9, 1.3, 0.9), (0.5, 1.0), 4, (0.95, 0.97, 1))
    area("low", (0, -2.2, -1.2), (2.0, 1.0), 6, (1, 0.97, 0.95), (0, 0, head[2] - 0.9))

    _world(scene, person)
    if plan.shows_floor:
        _shadow(scene, landmarks)


def _world(scene, person: Person) -> None:
    """A backdrop that is only seen, and costs no light: brighter behind the person, darker to the corners."""
    world = bpy.data.worlds.new("world")
    scene.world = world
    world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()

    def node(kind, **settings):
        made = tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(made, name, value)
        return made

    window = node("ShaderNodeTexCoord").outputs["Window"]
    away = node("ShaderNodeVectorMath", operation="DISTANCE")
    tree.links.new(window, away.inputs[0])
    away.inputs[1].default_value = (0.56, 0.62, 0)
    ramp = node("ShaderNodeValToRGB")
    ramp.color_ramp.interpolation = "EASE"
    backdrop = np.array(person.backdrop)
    ramp.color_ramp.elements[0].color = (*np.clip(backdrop * 1.25 + 0.02, 0, 1), 1)
    ramp.color_ramp.elements[1].position = 0.85
    ramp.color_ramp.elements[1].color = (*(backdrop * 0.45), 1)
    tree.links.new(away.outputs["Value"], ramp.inputs["Fac"])
    seen = node("ShaderNodeBackground")
    tree.links.new(ramp.outputs["Color"], seen.inputs["Color"])
    around = node("ShaderNodeBackground")
    around.inputs["Color"].default_value = (*(np.array([0.8, 0.88, 1]) * 0.7 + backdrop * 0.3), 1)
    around.inputs["Strength"].default_value = 0.17
    path = node("ShaderNodeLightPath")
    mixed = node("ShaderNodeMixShader")
    tree.links.new(path.outputs["Is Camera Ray"], mixed.inputs[0])
    tree.links.new(around.outputs[0], mixed.inputs[1])
    tree.links.new(seen.outputs[0], mixed.inputs[2])
    output = node("ShaderNodeOutputWorld")
    tree.links.new(mixed.outputs[0], output.inputs["Surface"])


def _shadow(scene, landmarks) -> None:
    """What grounds the person: a soft dark spot, seen and not lit, so that it lies in the backdrop without an edge."""
    data = bpy.data.meshes.new("shadow")
    data.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    material = bpy.data.materials.new("shadow")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    place = tree.nodes.new("ShaderNodeTexCoord")
    away = tree.nodes.new("ShaderNodeVectorMath")
    away.operation = "LENGTH"
    tree.links.new(place.outputs["Object"], away.inputs[0])
    fade = tree.nodes.new("ShaderNodeMapRange")
    fade.interpolation_type = "SMOOTHERSTEP"
    for name, value in (("From Min", 0.0), ("From Max", 1.0), ("To Min", 0.6), ("To Max", 0.0)):
        fade.inputs[name].default_value = value
    tree.links.new(away.outputs["Value"], fade.inputs["Value"])
    dark = tree.nodes.new("ShaderNodeEmission")
    dark.inputs["Color"].default_value = (0, 0, 0, 1)
    mixed = tree.nodes.new("ShaderNodeMixShader")
    tree.links.new(fade.outputs[0], mixed.inputs[0])
    tree.links.new(tree.nodes.new("ShaderNodeBsdfTransparent").outputs[0], mixed.inputs[1])
    tree.links.new(dark.outputs[0], mixed.inputs[2])
    tree.links.new(mixed.outputs[0], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    data.materials.append(material)
    for size in (0.62, 0.3):
        thing = bpy.data.objects.new("shadow", data)
        thing.scale = (size, size * 0.62, 1)
        thing.location = (*landmarks["feet"][:2], 0.001 * size)
        thing.visible_diffuse = thing.visible_glossy = thing.visible_shadow = False
        scene.collection.objects.link(thing)


def _settings(scene, quality: Quality) -> None:
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = quality.samples
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = quality.threshold
    cycles.adaptive_min_samples = 3
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"
    cycles.seed = 1
    cycles.max_bounces = 4
    cycles.diffuse_bounces = 1
    cycles.glossy_bounces = 1
    cycles.transmission_bounces = 2
    cycles.transparent_max_bounces = 24
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4
    render = scene.render
    render.resolution_x = render.resolution_y = quality.size
    render.image_settings.file_format = "PNG"
    render.use_persistent_data = False
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
