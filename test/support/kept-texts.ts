/** All texts in what Temporal's server keeps, its bytes as texts too, and how the payloads among it are encoded. */
export function textsIn(...kept: unknown[]): { texts: string[]; encodings: Set<string> } {
  const [texts, encodings]: [string[], Set<string>] = [[], new Set()];
  const look = (part: unknown): void => {
    if (typeof part === 'string') texts.push(part);
    else if (part instanceof Uint8Array) texts.push(Buffer.from(part).toString('latin1'));
    else if (typeof part === 'object' && part !== null) {
      const { metadata } = part as { metadata?: Record<string, Uint8Array> };
      if (metadata?.['encoding'] !== undefined) encodings.add(Buffer.from(metadata['encoding']).toString());
      for (const inner of Object.values(part)) look(inner);
    }
  };
  kept.forEach(look);
  return { texts, encodings };
}
