import type { Identity } from '../../src/domain/influencer.ts';
import type { RendererName, Shot } from '../../src/domain/shots.ts';

/** All that a drawing is made from: nothing here names a row, a storage key or a caller. */
interface Description {
  identity: Identity;
  shot: Shot;
  /** What fixes everything that the identity leaves open. A clone has its source's. */
  seed: string;
}

export interface Drawing {
  bytes: Uint8Array;
  mimeType: 'image/webp';
  /** In pixels. */
  width: number;
  height: number;
  provenance: Provenance;
}

export interface Provenance {
  renderer: RendererName;
  version: string;
  seed: string;
}

/**
 * Draws one shot of a person. Equal descriptions and an equal `version` give equal bytes where the renderer says that it is
 * deterministic; `signal` stops it, with the signal's reason as the error.
 */
export interface Renderer {
  readonly name: RendererName;
  readonly version: string;
  render: (description: Description, signal: AbortSignal) => Promise<Drawing>;
}
