/** What a root has opened, to be closed in reverse. */
export interface Closers {
  add: (close: () => Promise<void> | void) => void;
  /** Closes everything, also when one of them fails; rejects with what failed. Safe to call twice. */
  close: () => Promise<void>;
}

export function closers(): Closers {
  const open: (() => Promise<void> | void)[] = [];
  return {
    add: (close) => open.push(close),
    async close() {
      const failures: unknown[] = [];
      for (let close = open.pop(); close !== undefined; close = open.pop()) {
        try {
          await close();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length === 1) throw failures[0];
      if (failures.length > 1) throw new AggregateError(failures, 'several parts did not close');
    },
  };
}
