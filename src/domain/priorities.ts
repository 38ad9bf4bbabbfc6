/** Temporal's priority keys, 1 first and 5 last: whose task a worker takes where several wait for one. */
export const priorities = {
  /** A job that a caller asked for by itself. */
  single: 3,
  /** One that had to wait for others of its organization. */
  bulk: 4,
} as const;
