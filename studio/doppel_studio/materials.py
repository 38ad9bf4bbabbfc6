# SPDX-License-Identifier: GPL-3.0-or-later
"""What things are made of: skin, eyes, hair, cloth, as Blender's shader nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import bpy
import numpy as np
from PIL import Image

from .assets import Assets, Proxy, linear
from .body import Mesh
from .person import Person
from .wardrobe import GARMENTS, Garment

#: A piece of fewer faces is no ground for strands, but a speck.
SPECK = 12

#: Roughness, specular level and sheen of what clothes are made of.
FABRICS = {"cotton": (0.85, 0.2, 0.15), "knit": (0.95, 0.1, 0.4), "denim": (0.8, 0.2, 0.1), "wool": (0.9, 0.15, 0.3), "satin": (0.38, 0.4, 0.1), "leather": (0.42, 0.45, 0.0)}


class Nodes:
    """A material's node tree, in fewer words."""

    def __init__(self, name: str):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.shader = self.tree.nodes["Principled BSDF"]
        self.output = self.tree.nodes["Material Output"]

    def set(self, **values) -> None:
        for name, value in values.items():
            socket = self.shader.inputs[name.replace("_", " ")]
            if hasattr(value, "is_output"):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value

    def node(self, kind: str, inputs: dict | None = None, **settings):
        node = self.tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            socket = node.inputs[name]
            if hasattr(value, "is_output"):
                self.tree.links.new(value, socket)
            else:
                socket.default_value = value
        return node

    def image(self, file: str, color: bool = True):
        node = self.tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(file, check_existing=True)
        node.interpolation = "Cubic"
        if not color:
            node.image.colorspace_settings.name = "Non-Color"
        return node

    def mix(self, factor, first, second, blend: str = "MIX"):
        node = self.node("ShaderNodeMix", data_type="RGBA", blend_type=blend)
        for socket, value in ((0, factor), (6, first), (7, second)):
            if hasattr(value, "is_output"):
                self.tree.links.new(value, node.inputs[socket])
            else:
                node.inputs[socket].default_value = value if socket == 0 else (*value[:3], 1)
        return node.outputs[2]

    def math(self, operation: str, first, second=0.0, clamp: bool = False):
        node = self.node("ShaderNodeMath", {0: first, 1: second}, operation=operation, use_clamp=clamp)
        return node.outputs[0]

    def noise(self, scale: float, detail: float = 2, coordinates: str = "UV"):
        place = self.node("ShaderNodeTexCoord").outputs[coordinates]
        return self.node("ShaderNodeTexNoise", {"Vector": place, "Scale": scale, "Detail": detail}).outputs["Fac"]

    def bump(self, height, strength: float, distance: float, normal=None):
        inputs = {"Height": height, "Strength": strength, "Distance": distance}
        if normal is not None:
            inputs["Normal"] = normal
        return self.node("ShaderNodeBump", inputs).outputs["Normal"]


def tone_of(person: Person) -> np.ndarray:
    """The colour of the skin, linear: from very light to very dark, a little to red or to olive."""
    steps = np.array([(226, 184, 162), (212, 164, 137), (190, 138, 107), (157, 106, 77), (115, 74, 52), (72, 46, 34)], float) / 255
    steps = linear(steps)
    at = np.clip(person.tone, 0, 1) * (len(steps) - 1)
    low = min(int(at), len(steps) - 2)
    tone = steps[low] * (1 - (at - low)) + steps[low + 1] * (at - low)
    return tone * (1 + person.undertone * np.array([0.08, 0.0, -0.08]))


class Materials:
    """The materials of one person, whose hips are at a height in metres: what is worn below is coloured as trousers are."""

    def __init__(self, assets: Assets, person: Person, hips: float):
        self.assets = assets
        self.person = person
        self.hips = hips
        sex = "male" if person.masculinity > 0.5 else "female"
        age = "young" if person.years < 38 else "middleage" if person.years < 58 else "old"
        kind = "african" if person.tone > 0.62 else "asian" if person.ancestry.get("asian", 0) > 0.5 else "caucasian"
        self.skin_name = f"{age}_{kind}_{sex}"

    def skin(self):
        nodes = Nodes("skin")
        file, mean = self.assets.skin(self.skin_name)
        tone = tone_of(self.person)
        texture = nodes.image(file).outputs["Color"]
        scaled = nodes.mix(1.0, texture, tuple(tone / np.array(mean)), "MULTIPLY")
        # What the texture paints is softened: it is small, and of one person.
        scalp = nodes.node("ShaderNodeAttribute", attribute_name="scalp").outputs["Fac"]
        bare = nodes.math("SUBTRACT", 0.75, nodes.math("MULTIPLY", scalp, 0.75))
        color = nodes.mix(bare, tuple(tone), scaled)
        mottled = nodes.noise(38, 2)
        warm = tuple(np.clip(tone * np.array([1.08, 0.93, 0.9]), 0, 1))
        color = nodes.mix(nodes.math("MULTIPLY", mottled, 0.35), color, warm, "MIX")
        lips = nodes.image(self.assets.mask("lips"), color=False).outputs["Color"]
        lip_color = tuple(np.clip(tone * np.array([0.86, 0.52, 0.52]) + np.array([0.02, 0.0, 0.0]), 0, 1))
        color = nodes.mix(nodes.math("MULTIPLY", lips, 0.65), color, lip_color)
        if self.person.freckles > 0:
            spots = nodes.node("ShaderNodeTexVoronoi", {"Vector": nodes.node("ShaderNodeTexCoord").outputs["UV"], "Scale": 420.0}).outputs["Distance"]
            spots = nodes.math("LESS_THAN", spots, 0.2)
            face = nodes.image(self.assets.mask("face"), color=False).outputs["Color"]
            amount = nodes.math("MULTIPLY", nodes.math("MULTIPLY", spots, face), nodes.math("MULTIPLY", nodes.noise(16, 2), self.person.freckles * 0.75))
            color = nodes.mix(amount, color, tuple(tone * np.array([0.62, 0.42, 0.34])))
        roots = np.array(self.person.hair_color)
        if self.person.hair:
            color = nodes.mix(nodes.math("MULTIPLY", scalp, 0.55), color, tuple(roots * 0.6 + tone * 0.15))
        if self.person.beard:
            beard = nodes.node("ShaderNodeAttribute", attribute_name="beard").outputs["Fac"]
            dots = nodes.math("GREATER_THAN", nodes.noise(1500, 1), 0.52)
            amount = nodes.math("MULTIPLY", beard, nodes.math("ADD", nodes.math("MULTIPLY", dots, 0.3), 0.28))
            color = nodes.mix(amount, color, tuple(roots * 0.7 + tone * 0.12))
        pores = nodes.noise(420, 2)
        normal = nodes.bump(pores, 0.3, 0.002)
        if self.person.oldness > 0.2:  # the lines that the skins of older people have painted on
            lines = nodes.node("ShaderNodeRGBToBW", {0: texture}).outputs[0]
            normal = nodes.bump(lines, min(1.0, self.person.oldness * 1.2), 0.012, normal)
        roughness = nodes.math("ADD", nodes.math("MULTIPLY", mottled, 0.16), 0.4)
        roughness = nodes.math("SUBTRACT", roughness, nodes.math("MULTIPLY", lips, 0.1))
        nodes.set(Base_Color=color, Roughness=roughness, Normal=normal, Subsurface_Weight=0.22, Subsurface_Scale=0.012)
        nodes.set(Subsurface_Radius=(1.0, 0.36, 0.2), Specular_IOR_Level=0.42)
        return nodes.material

    def of(self, proxy: Proxy, mesh: Mesh) -> Iterator[tuple[Mesh, object, int]]:
        """The parts of something worn, each with its material and how often it is subdivided."""
        match proxy.kind:
            case "eyes":
                yield from self._eyes(proxy, mesh)
            case "hair":
                yield dense(mesh, proxy.textures["diffuse"]), self.hair(proxy), 0
            case "eyebrows":
                yield mesh, self.hair(proxy, is_brow=True), 0
            case "eyelashes":
                yield mesh, self._lashes(proxy), 0
            case "clothes":
                yield from self._clothes(proxy, mesh)
            case "teeth":
                nodes = Nodes("teeth")
                painted = nodes.image(proxy.textures["diffuse"]).outputs["Color"]
                # Hardly any light comes between lips; in a photograph teeth are white all the same.
                nodes.set(Base_Color=painted, Roughness=0.25, Emission_Color=nodes.mix(0.6, painted, (0.9, 0.85, 0.78)), Emission_Strength=0.22)
                yield mesh, nodes.material, 1
            case _:
                nodes = Nodes(proxy.kind)
                nodes.set(Base_Color=nodes.image(proxy.textures["diffuse"]).outputs["Color"], Roughness=0.4)
                yield mesh, nodes.material, 1

    def _eyes(self, proxy: Proxy, mesh: Mesh) -> Iterator[tuple[Mesh, object, int]]:
        ball = Nodes("eyeball")
        file = str(self.assets.folder / "proxies" / "eyes" / f"{self.person.eyes}_eye.png")
        white = ball.mix(0.22, ball.image(file).outputs["Color"], ball.image(file).outputs["Color"], "SCREEN")
        ball.set(Base_Color=white, Roughness=0.3, Specular_IOR_Level=0.3)
        ball.set(Subsurface_Weight=0.1, Subsurface_Scale=0.004)
        clear = self._clear("cornea", 1.38, 0.03)
        for part in components(mesh):
            yield part, clear if self._is_cornea(part) else ball.material, 1

    @staticmethod
    def _is_cornea(part: Mesh) -> bool:
        """The cornea's texture is the small round patch in a corner."""
        used = np.unique(np.concatenate([np.asarray(face) for face in part.face_uvs]))
        uvs = part.uvs[used]
        return bool(np.ptp(uvs[:, 0]) < 0.2)

    @staticmethod
    def _clear(name: str, refraction: float, roughness: float):
        """What is seen through, and mirrors the lights at a slant."""
        nodes = Nodes(name)
        fresnel = nodes.node("ShaderNodeFresnel", {"IOR": refraction}).outputs[0]
        through = nodes.node("ShaderNodeBsdfTransparent").outputs[0]
        gloss = nodes.node("ShaderNodeBsdfGlossy", {"Roughness": roughness}).outputs[0]
        mixed = nodes.node("ShaderNodeMixShader", {0: fresnel, 1: through, 2: gloss}).outputs[0]
        nodes.tree.links.new(mixed, nodes.output.inputs["Surface"])
        return nodes.material

    def hair(self, proxy: Proxy, is_brow: bool = False):
        nodes = Nodes(proxy.kind)
        file = proxy.textures["diffuse"]
        image = nodes.image(file)
        light = nodes.node("ShaderNodeRGBToBW", {0: image.outputs["Color"]}).outputs[0]
        mean = _mean_light(file)
        detail = nodes.math("DIVIDE", light, mean)
        detail = nodes.math("POWER", nodes.math("MINIMUM", detail, 3.0), 0.7 if is_brow else 0.3)
        color = np.array(self.person.hair_color) * 0.62
        value = nodes.node("ShaderNodeVectorMath", {0: tuple(color)}, operation="SCALE")
        nodes.tree.links.new(detail, value.inputs["Scale"])
        nodes.set(Base_Color=value.outputs[0], Roughness=0.6, Specular_IOR_Level=0.2)
        if is_brow:
            nodes.set(Alpha=image.outputs["Alpha"])
        return nodes.material

    def strand(self):
        nodes = Nodes("strand")
        hair = nodes.node("ShaderNodeBsdfHairPrincipled", parametrization="COLOR")
        own = np.array(self.person.hair_color)
        color = np.clip(own * 1.15 * (own / own.max()) ** 0.6, 0.001, 0.95)  # a strand mirrors white, which pales bright colours
        hair.inputs["Roughness"].default_value = 0.32
        hair.inputs["Radial Roughness"].default_value = 0.5
        hair.inputs["Random Roughness"].default_value = 0.2
        hair.inputs["Coat"].default_value = 0.0
        info = nodes.node("ShaderNodeHairInfo")
        shade = nodes.node("ShaderNodeMapRange", {"To Min": 0.6, "To Max": 1.4})
        nodes.tree.links.new(info.outputs["Random"], shade.inputs["Value"])
        scaled = nodes.node("ShaderNodeVectorMath", {0: tuple(color)}, operation="SCALE")
        nodes.tree.links.new(shade.outputs[0], scaled.inputs["Scale"])
        shown = scaled.outputs[0]
        if self.person.grey > 0:
            is_grey = nodes.math("LESS_THAN", nodes.math("FRACT", nodes.math("MULTIPLY", info.outputs["Random"], 7.31)), self.person.grey)
            shown = nodes.mix(is_grey, shown, (0.55, 0.55, 0.54))
        nodes.tree.links.new(shown, hair.inputs["Color"])
        nodes.tree.links.new(hair.outputs[0], nodes.output.inputs["Surface"])
        return nodes.material

    def _lashes(self, proxy: Proxy):
        nodes = Nodes("lashes")
        image = nodes.image(proxy.textures["diffuse"])
        nodes.set(Base_Color=(0.012, 0.01, 0.01, 1), Alpha=image.outputs["Alpha"], Roughness=0.6)
        return nodes.material

    def _clothes(self, proxy: Proxy, mesh: Mesh) -> Iterator[tuple[Mesh, object, int]]:
        garment = GARMENTS.get(proxy.name, Garment())
        parts = components(mesh)
        if proxy.name == "glasses":
            painted, clear = self._painted(proxy, garment), self._clear("lens", 1.3, 0.02)
            for part in parts:
                used = part.vertices[part.used]
                is_lens = np.ptp(used[:, 1]) < 0.01 and np.ptp(used[:, 0]) > 0.03
                yield part, clear if is_lens else painted, 1
            return
        if garment.keeps_color:
            yield mesh, self._painted(proxy, garment), 1
            return
        for part in parts:
            heights = part.vertices[part.used, 2]
            is_bottom = garment.layer == "bottom" or (garment.layer == "both" and heights.mean() < self.hips)
            color = self.person.bottom_color if is_bottom else self.person.top_color
            fabric = garment.bottom_fabric if is_bottom else garment.fabric
            yield part, self._cloth(proxy, color, fabric), 1

    def _cloth(self, proxy: Proxy, color, fabric: str):
        """Cloth in a colour of its own: of the texture stay the folds, not the paint."""
        nodes = Nodes(f"{proxy.name} {fabric}")
        image = nodes.image(proxy.textures["diffuse"])
        light = nodes.node("ShaderNodeRGBToBW", {0: image.outputs["Color"]}).outputs[0]
        if fabric == "denim" or "ao" not in proxy.textures:
            shade = nodes.math("POWER", nodes.math("MINIMUM", nodes.math("DIVIDE", light, _mean_light(proxy.textures["diffuse"])), 1.7), 0.8 if fabric == "denim" else 0.45)
        else:
            shadow = nodes.node("ShaderNodeRGBToBW", {0: nodes.image(proxy.textures["ao"]).outputs["Color"]}).outputs[0]
            shade = nodes.math("DIVIDE", nodes.math("POWER", shadow, 1.2), _mean_light(proxy.textures["ao"]) ** 1.2)
        weave = nodes.noise(1400 if fabric != "knit" else 500, 1, "Object")
        scaled = nodes.node("ShaderNodeVectorMath", {0: tuple(color)}, operation="SCALE")
        nodes.tree.links.new(shade, scaled.inputs["Scale"])
        normal = None
        if "normal" in proxy.textures:
            file = nodes.image(proxy.textures["normal"], color=False)
            normal = nodes.node("ShaderNodeNormalMap", {"Color": file.outputs["Color"], "Strength": 0.8}).outputs[0]
        normal = nodes.bump(weave, 0.25 if fabric != "knit" else 0.6, 0.001, normal)
        nodes.set(Base_Color=scaled.outputs[0], Normal=normal, Roughness=FABRICS[fabric][0], Specular_IOR_Level=FABRICS[fabric][1])
        nodes.set(Sheen_Weight=FABRICS[fabric][2], Sheen_Roughness=0.5)
        return nodes.material

    def _painted(self, proxy: Proxy, garment: Garment):
        """Shoes, hats, glasses: as their texture paints them."""
        nodes = Nodes(proxy.name)
        image = nodes.image(proxy.textures["diffuse"])
        nodes.set(Base_Color=image.outputs["Color"], Roughness=garment.roughness, Specular_IOR_Level=0.4)
        if _has_holes(proxy.textures["diffuse"]):
            nodes.set(Alpha=image.outputs["Alpha"])
        if "normal" in proxy.textures:
            file = nodes.image(proxy.textures["normal"], color=False)
            nodes.set(Normal=nodes.node("ShaderNodeNormalMap", {"Color": file.outputs["Color"]}).outputs[0])
        return nodes.material


def components(mesh: Mesh) -> list[Mesh]:
    """The pieces of a mesh that hang together."""
    parent = np.arange(len(mesh.vertices))

    def find(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    for face in mesh.faces:
        for vertex in face[1:]:
            parent[find(face[0])] = find(vertex)
    pieces: dict[int, list[int]] = {}
    for number, face in enumerate(mesh.faces):
        pieces.setdefault(find(face[0]), []).append(number)
    return [mesh.of_faces(numbers) for numbers in pieces.values()]


def dense(mesh: Mesh, file: str) -> Mesh:
    """The faces of a surface on which its texture is opaque: what lies under the strands."""
    opacity = np.asarray(Image.open(file).convert("RGBA"), np.float32)[..., 3] / 255
    rows, columns = opacity.shape
    kept = []
    for number, face in enumerate(mesh.face_uvs):
        corners = mesh.uvs[np.asarray(face)]
        middle = corners.mean(axis=0)
        points = np.concatenate([corners * 0.8 + middle * 0.2, middle[None]])
        texels = ((1 - points[:, 1] % 1) * rows).astype(int).clip(0, rows - 1), ((points[:, 0] % 1) * columns).astype(int).clip(0, columns - 1)
        if (opacity[texels] > 0.7).all():
            kept.append(number)
    pieces = [piece for piece in components(mesh.of_faces(kept)) if len(piece.faces) >= SPECK]
    faces, face_uvs = ([face for piece in pieces for face in getattr(piece, name)] for name in ("faces", "face_uvs"))
    return replace(mesh, faces=faces, face_uvs=face_uvs)


def _has_holes(file: str) -> bool:
    with Image.open(file) as image:
        return image.mode == "RGBA" and image.getchannel("A").getextrema()[0] < 200


def _mean_light(file: str) -> float:
    """How light a texture is on average where it is not transparent, linear."""
    pixels = np.asarray(Image.open(file).convert("RGBA"), float) / 255
    seen = pixels[..., 3] > 0.5
    return float(max((linear(pixels)[..., :3][seen] @ np.array([0.2126, 0.7152, 0.0722])).mean(), 0.002))
