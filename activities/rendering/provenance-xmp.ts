// What a drawing says of its own origin, in XMP. No date and no id, so that equal drawings have equal bytes.
import type { BuiltInRenderer } from '../../src/domain/shots.ts';
import type { Provenance } from './renderer.ts';

interface Origin {
  /** Of https://cv.iptc.org/newscodes/digitalsourcetype/. */
  digitalSourceType: 'algorithmicMedia' | 'trainedAlgorithmicMedia';
  rights?: string;
}

const origins: Readonly<Record<BuiltInRenderer, Origin>> = {
  illustrated: {
    digitalSourceType: 'algorithmicMedia',
    rights: 'Based on Avataaars by Pablo Stanley, https://avataaars.com',
  },
  ai: { digitalSourceType: 'trainedAlgorithmicMedia' },
};

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes a text for XML, and replaces what XML 1.0 cannot hold at all (https://www.w3.org/TR/xml/#charsets). */
const escaped = (text: string): string =>
  text
    // eslint-disable-next-line no-control-regex -- these are the characters that XML forbids
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uD800-\uDFFF\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);

/**
 * Writes a renderer's provenance as an XMP packet, with the properties that IPTC 2025.1 has for what a model made
 * (https://iptc.org/std/photometadata/specification/IPTC-PhotoMetadata). Of a prompt it holds the hash: a prompt describes a person.
 */
export function xmpOf({ renderer, version, seed, model, promptSha256 }: Provenance): string {
  const { digitalSourceType, rights } = origins[renderer];
  const properties = {
    'xmp:CreatorTool': `Doppel ${renderer} ${version}`,
    'Iptc4xmpExt:DigitalSourceType': `http://cv.iptc.org/newscodes/digitalsourcetype/${digitalSourceType}`,
    ...(model === undefined ? {} : { 'Iptc4xmpExt:AISystemUsed': model }),
    ...(promptSha256 === undefined ? {} : { 'Iptc4xmpExt:AIPromptInformation': `SHA-256 ${promptSha256}` }),
  };
  return (
    '<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""' +
    ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"' +
    ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" ' +
    `${Object.entries(properties)
      .map(([name, value]) => `${name}="${escaped(value)}"`)
      .join(' ')}>` +
    `<dc:source>${escaped(`renderer=${renderer}; version=${version}; seed=${seed}`)}</dc:source>` +
    (rights === undefined
      ? ''
      : `<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">${escaped(rights)}</rdf:li></rdf:Alt></dc:rights>`) +
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
  );
}
