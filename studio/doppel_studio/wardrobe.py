# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody wears, as assets, and what each is made of. Nobody is drawn without a top layer."""

from __future__ import annotations

from dataclasses import dataclass

from .person import Person
from .vocabulary import OUTFITS

#: Assets whose pieces cover the upper body.
TOPS = frozenset(
    {"female_casualsuit01", "female_elegantsuit01", "male_elegantsuit01", "male_worksuit01", "Rolled_neck_blouse", "VNeckTop", "Coat"}
    | {"Asymmetric_Tunic_and_Sash", "F_Dress_01", "F_Dress_02", "F_Dress_03", "Sari1", *(f"male_casualsuit0{n}" for n in range(1, 7))}
)

#: Assets that come with socks; they are worn after trousers.
SHOES = frozenset(f"shoes0{number}" for number in range(1, 7))

#: Assets with legs: no skin is left within them, where knees and ankles would come through.
TROUSERS = frozenset({"Tightjeans", "female_casualsuit01", "male_elegantsuit01", "male_worksuit01", *(f"male_casualsuit0{number}" for number in range(1, 7))})


@dataclass(frozen=True)
class Garment:
    """How an asset is coloured: its pieces above the hips as `fabric` in the top colour, those below as `bottom_fabric`."""

    layer: str = "both"
    fabric: str = "cotton"
    bottom_fabric: str = "denim"
    #: Keeps what its texture paints: shoes, hats, glasses.
    keeps_color: bool = False
    roughness: float = 0.6


GARMENTS: dict[str, Garment] = {
    **{name: Garment(keeps_color=True, roughness=0.5) for name in SHOES},
    "glasses": Garment(keeps_color=True, roughness=0.2),
    "fedora": Garment(keeps_color=True, roughness=0.95),
    "Fishing_Hat_01": Garment(keeps_color=True, roughness=0.95),
    "Tightjeans": Garment("bottom"),
    "Rolled_neck_blouse": Garment("top", fabric="knit"),
    "VNeckTop": Garment("top"),
    "Coat": Garment("top", fabric="wool"),
    "Asymmetric_Tunic_and_Sash": Garment("top"),
    "F_Dress_01": Garment("top", fabric="wool"),
    "F_Dress_02": Garment("top"),
    "F_Dress_03": Garment("top"),
    "Cocktaildress": Garment("top", fabric="satin"),
    "Sari1": Garment("top", fabric="satin"),
    "female_elegantsuit01": Garment(bottom_fabric="wool"),
    "male_casualsuit02": Garment(fabric="knit"),
    "male_casualsuit05": Garment(fabric="wool"),
    "male_elegantsuit01": Garment(fabric="wool", bottom_fabric="wool"),
    "male_worksuit01": Garment(fabric="cotton", bottom_fabric="denim"),
    "male_casualsuit01": Garment("bottom"),
}


def worn_by(person: Person) -> list[tuple[str, str]]:
    """Kind and name of each asset that a person is drawn with. Raises KeyError for an outfit that is not there."""
    clothes = OUTFITS[person.outfit]
    if TOPS.isdisjoint(clothes):
        raise ValueError("nobody is drawn without a top layer")
    worn = [("eyes", "HighPolyEyes"), ("eyebrows", person.brows), ("eyelashes", "eyelashes02" if person.masculinity < 0.5 else "Eyelashes01")]
    worn += [("teeth", "Teeth_Base"), ("tongue", "tongue01")]
    if person.hair:
        worn.append(("hair", person.hair))
    if person.beard and person.beard != "stubble":
        worn.append(("hair", person.beard))
    worn += [("clothes", name) for name in clothes]
    if person.glasses:
        worn.append(("clothes", "glasses"))
    if person.hat:
        worn.append(("clothes", person.hat))
    return worn
