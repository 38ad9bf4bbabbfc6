import type { RendererName } from '../src/domain/shots.ts';
import { badDrawing } from './failures.ts';

/** How a drawing says that it was made, as it is stored with the picture. */
interface KeptProvenance {
  renderer: RendererName;
  version: string;
  seed: string;
  /** Whose things stand in the picture, with their licences. */
  assets?: string;
}

const longest = { version: 100, seed: 100, assets: 1_000 } as const;

/**
 * Reads what a program that is not ours handed in, of which nothing is believed: the hash names an object of the storage, and the
 * provenance is stored. What is not asked for is left out; throws `RENDER_FAILED` for what is missing or of another form.
 */
export function foreignDrawing(
  drawn: unknown,
  { renderer }: { renderer: RendererName },
): { sha256: string; provenance: KeptProvenance } {
  const { sha256, provenance } = fieldsOf(drawn);
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw badDrawing('its sha256 is none');
  const said = fieldsOf(provenance);
  if (said['renderer'] !== renderer) throw badDrawing(`it does not say that ${renderer} drew it`);
  const { version, seed } = { version: textOf(said, 'version'), seed: textOf(said, 'seed') };
  if (said['assets'] === undefined || said['assets'] === null)
    return { sha256, provenance: { renderer, version, seed } };
  return { sha256, provenance: { renderer, version, seed, assets: textOf(said, 'assets') } };
}

const fieldsOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

/** A text without what no log should show and Postgres cannot keep. */
function textOf(said: Record<string, unknown>, name: keyof typeof longest): string {
  const text = said[name];
  if (typeof text !== 'string' || text.length > longest[name] || !/^[^\p{Cc}\p{Cs}]+$/u.test(text)) {
    throw badDrawing(`its provenance has no ${name} of at most ${String(longest[name])} characters`);
  }
  return text;
}
