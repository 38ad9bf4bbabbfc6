import type { Identity } from '../../src/domain/influencer.ts';
import type { BuiltInRenderer, Shot } from '../../src/domain/shots.ts';

/** All that a drawing is made from: nothing here names a row, a storage key or a caller. */
export interface Description {
  identity: Identity;
  shot: Shot;
  /** What fixes everything that the identity leaves open. A clone has its source's. */
  seed: string;
  /** Pictures of the same person, encoded, the most telling first: at most `maxReferences`, one in memory at a time. */
  references: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface Drawing {
  bytes: Uint8Array;
  /** The picture, small: see `thumbnailOf`. */
  thumbnail: Uint8Array;
  mimeType: 'image/webp';
  /** In pixels. */
  width: number;
  height: number;
  provenance: Provenance;
}

export interface Provenance {
  renderer: BuiltInRenderer;
  version: string;
  seed: string;
  /** `provider/model`, where a model drew. */
  model?: string;
  /** SHA-256 of the prompt in lower-case hex, where a model drew. */
  promptSha256?: string;
}

/**
 * Draws one shot of a person. Equal descriptions and an equal `version` give equal bytes where the renderer says that it is
 * deterministic; `signal` stops it, with the signal's reason as the error. Throws a `RenderError` for what it can name.
 */
export interface Renderer {
  readonly name: BuiltInRenderer;
  readonly version: string;
  /** How many pictures of the person it can take. */
  readonly maxReferences: number;
  /** A renderer that costs money calls `beforePaying` right before it asks for an image, and asks for none when that throws. */
  render: (description: Description, signal: AbortSignal, beforePaying?: () => Promise<void>) => Promise<Drawing>;
}

export type RenderFault =
  /** It has as much to do as it takes on, or as this account may ask of it: later it can. */
  | 'busy'
  /** It is away or broken, and has not drawn. */
  | 'unavailable'
  /** It was asked, and no whole answer came in time: it may have drawn. */
  | 'unanswered'
  /** It will not draw this description. */
  | 'rejected'
  /** It cannot be used as this service is configured: an operator has to act. */
  | 'misconfigured'
  /** What it gave is no picture that can be used; another try may give one. */
  | 'unusable';

/** Why a shot was not drawn. The message is for operators: it says nothing of the person, and no caller sees it. */
export class RenderError extends Error {
  readonly fault: RenderFault;
  /** When it may be tried again at the earliest, in ms from now; null where that is not known. */
  readonly retryAfterMs: number | null;

  constructor(fault: RenderFault, message: string, options: { retryAfterMs?: number | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'RenderError';
    this.fault = fault;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
