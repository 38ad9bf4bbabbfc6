# SPDX-License-Identifier: GPL-3.0-or-later
from xml.dom.minidom import parseString

from doppel_studio.provenance import xmp_of

#: As the service writes it for a drawing of the same renderer, version, seed and rights.
WRITTEN_BY_THE_SERVICE = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmp:CreatorTool="Doppel studio 1" '
    'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia">'
    "<dc:source>renderer=studio; version=1; seed=a&lt;b\U0001f600\ufffd</dc:source>"
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">Hair &amp; &quot;curls&quot; &lt;by&gt; O&apos;Neil (CC0)\ufffd'
    '</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)


def test_writes_the_packet_that_the_service_would_write():
    assert xmp_of("1", "a<b\U0001f600\ud800", 'Hair & "curls" <by> O\'Neil (CC0)\u0007').decode() == WRITTEN_BY_THE_SERVICE


def test_names_no_rights_where_nothing_is_of_others():
    assert b"dc:rights" not in xmp_of("1", "seed", "")


def test_stays_xml_whatever_a_seed_holds():
    seed = "".join(map(chr, range(0x20))) + "]]></dc:source>\"'&\ufffe"
    read = parseString(xmp_of("1", seed, seed))
    assert read.getElementsByTagName("dc:source")[0].firstChild.data.endswith("]]></dc:source>\"'&\ufffd")
