import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { RendererName } from './domain/shots.ts';
import { systemCodeOf } from './start-error.ts';

/** `demo.json` in the data folder. */
export interface Demo {
  apiUrl: string;
  apiKey: string;
  testApiKey: string;
  organizationId: string;
  projectId: string;
  influencerId: string;
  testProjectId: string;
  testInfluencerId: string;
  temporalUiUrl: string | null;
  /** Who drew the influencer, or still does; one that is not named is the illustrated one. */
  renderer?: RendererName;
}

export const demoFileOf = (dataDir: string): string => path.join(dataDir, 'demo.json');

/** Reads the demo's file; null when there is none. */
export async function readDemo(dataDir: string): Promise<Demo | null> {
  try {
    return JSON.parse(await readFile(demoFileOf(dataDir), 'utf8')) as Demo;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
