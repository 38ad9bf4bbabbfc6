import { title } from '../data/words.ts';

const kinds: Record<string, string> = {
  ...{ ready: 'good', completed: 'good', delivered: 'good', enabled: 'good', live: 'good', active: 'good' },
  ...{ pending: 'moving', training: 'moving', running: 'moving', rendering: 'moving' },
  ...{ failed: 'bad', killed: 'bad' },
};

/** A status as a word with a dot in its colour; the dot pulses where something moves. */
export const Status = ({ of }: { of: string }) => <span class={`status ${kinds[of] ?? 'still'}`}>{title(of)}</span>;
