# SPDX-License-Identifier: GPL-3.0-or-later
"""What a picture says of its own origin, in XMP. No date and no id, so that equal drawings have equal bytes."""

from __future__ import annotations

import re

#: What XML 1.0 cannot hold at all (https://www.w3.org/TR/xml/#charsets).
FORBIDDEN = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]")
ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def xmp_of(version: str, seed: str, assets: str) -> bytes:
    """Writes the packet: the tool, that an algorithm made the picture, and whose assets (with their licences) are in it."""
    rights = f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{_escaped(assets)}</rdf:li></rdf:Alt></dc:rights>' if assets else ""
    packet = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' xmp:CreatorTool="{_escaped(f"Doppel studio {version}")}"'
        ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia">'
        f"<dc:source>{_escaped(f'renderer=studio; version={version}; seed={seed}')}</dc:source>{rights}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
    return packet.encode()


def _escaped(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text).translate(ENTITIES)
