import { ago, exact } from '../data/words.ts';

/** A time as one says it; whoever points at it sees it exactly. */
export const Time = ({ at }: { at: string }) => (
  <time dateTime={at} title={exact(at)}>
    {ago(at)}
  </time>
);
