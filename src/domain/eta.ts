/** A shot of a job that is being rendered: when its drawing began, null before that, and whether it has ended. */
interface ShotTime {
  isSettled: boolean;
  startedAt: Date | null;
}

/**
 * When all shots should be drawn, if each takes `drawingMs` and as many go on being drawn at once as are now; null where none is
 * being drawn, since nothing then tells when the next one's turn comes.
 */
export function etaOf(shots: readonly ShotTime[], { drawingMs, now }: { drawingMs: number; now: Date }): Date | null {
  const left = shots.filter(({ isSettled }) => !isSettled);
  const begun = left.flatMap(({ startedAt }) => startedAt ?? []);
  if (begun.length === 0) return null;
  const lastOfThese = Math.max(now.getTime(), ...begun.map((startedAt) => startedAt.getTime() + drawingMs));
  const roundsAfter = Math.ceil((left.length - begun.length) / begun.length);
  return new Date(lastOfThese + roundsAfter * drawingMs);
}
