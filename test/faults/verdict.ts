/** What came of a run. */
export interface Verdict {
  jobs: number;
  /** How many of them failed, which a retry would mend. */
  failed: number;
  /** Acknowledged, and not there. */
  lost: string[];
  /** More than was asked for. */
  doubled: string[];
  /** Not ended in time. */
  stuck: string[];
  /** Whatever else may not be. */
  wrong: string[];
}
