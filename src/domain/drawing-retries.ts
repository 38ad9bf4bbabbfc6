/** How patiently a drawing is tried again: for about an hour, since providers have bad hours. In ms. */
export const drawingRetries = {
  initialInterval: 1_000,
  backoffCoefficient: 2,
  maximumInterval: 300_000,
  maximumAttempts: 20,
} as const;

/**
 * How long to wait after the try with this number, in ms, where the renderer asks to be left alone for `askedMs`: as long, but no
 * less than without its asking, and an hour at most.
 */
export function drawingDelayMs(tries: number, askedMs: number): number {
  const { initialInterval, backoffCoefficient, maximumInterval } = drawingRetries;
  const backoffMs = Math.min(initialInterval * backoffCoefficient ** (tries - 1), maximumInterval);
  return Math.min(Math.max(askedMs, backoffMs), 3_600_000);
}
