/** An image model at a provider. */
export interface ImageModel {
  /** `provider/model`, as it is configured. */
  readonly name: string;
  /** How many pictures it takes beside the text. */
  readonly maxReferences: number;
  /**
   * Makes one square picture of what the prompt says, and gives its bytes as they came. Throws a `RenderError`, or the signal's
   * reason.
   */
  generate: (order: ImageOrder, signal: AbortSignal) => Promise<Uint8Array>;
}

export interface ImageOrder {
  prompt: string;
  /** JPEG, the most telling first. */
  references: readonly Uint8Array[];
  /** From 0 to 2³¹ − 1; left out where the provider has no seed. */
  seed: number;
}
