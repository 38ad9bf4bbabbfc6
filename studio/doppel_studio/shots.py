# SPDX-License-Identifier: GPL-3.0-or-later
"""The six shots: how the person stands, where the camera is, what the face does."""

from __future__ import annotations

from dataclasses import dataclass, field

Pose = dict[str, tuple[float, float, float]]


def both(bone: str, x: float, y: float, z: float) -> Pose:
    """A bone and its mirror image: turned about x alike, about y and z the other way round."""
    return {f"{bone}_l": (x, y, z), f"{bone}_r": (x, -y, -z)}


def curled(side: str, by: float) -> Pose:
    """A hand at rest: fingers bent, the small ones more."""
    sign = 1 if side == "l" else -1
    pose: Pose = {}
    for finger, more in (("index", 0.7), ("middle", 0.9), ("ring", 1.0), ("pinky", 1.1)):
        for joint in ("01", "02", "03"):
            pose[f"{finger}_{joint}_{side}"] = (0, 0, -sign * by * more)
    return pose


#: Arms beside the body.
AT_EASE: Pose = {
    **both("clavicle", 0, 0, -9),
    **both("upperarm", 4, 0, -26),
    **both("lowerarm", -8, 0, -5),
    **both("thigh", 0, 0, -4),
    **curled("l", 9),
    **curled("r", 9),
}

#: Weight on one leg, the other a little before it, one hand at the hip.
CONTRAPPOSTO: Pose = {
    **AT_EASE,
    "pelvis": (0, 0, 3),
    "spine_01": (0, 0, -2),
    "spine_02": (0, 2, -3),
    "thigh_l": (-6, 0, -2),
    "calf_l": (9, 0, 0),
    "thigh_r": (0, 0, 2),
    "head": (0, -3, 2),
}


@dataclass(frozen=True)
class ShotPlan:
    #: What the middle of the picture shows, between two landmarks: 0 is the first, 1 the second.
    between: tuple[str, str, float]
    #: Height of what is seen, in heights of the head.
    heads: float
    #: The focal length, in millimetres on a sensor 36 mm wide.
    lens: float
    #: How far the person is turned, in degrees; to the left of the picture is positive.
    turn: float = 0
    pose: Pose = field(default_factory=lambda: AT_EASE)
    smile: float = 0
    looks_at_camera: bool = True
    f_stop: float = 9
    shows_floor: bool = False


SHOTS: dict[str, ShotPlan] = {
    "portrait": ShotPlan(("chin", "top", 0.22), 1.95, 85),
    "three_quarter": ShotPlan(("chin", "top", 0.22), 2.0, 85, turn=35),
    "profile": ShotPlan(("chin", "top", 0.24), 2.0, 85, turn=-82, looks_at_camera=False),
    "smiling": ShotPlan(("chin", "top", 0.38), 1.55, 100, turn=8, smile=1),
    "half_length": ShotPlan(("hips", "top", 0.52), 4.4, 70, turn=14, pose=CONTRAPPOSTO, smile=0.25, f_stop=8),
    "full_length": ShotPlan(("ground", "top", 0.5), 8.6, 60, turn=-12, pose=CONTRAPPOSTO, smile=0.1, f_stop=11, shows_floor=True),
}
