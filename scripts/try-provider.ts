// Has a provider draw the six shots of a person, and of her clone, as the service would: the first one alone, the others like it,
// the clone like its source. Each picture costs what the provider asks for it. README.md has the variables.
//
//   AI_IMAGE_MODEL=google/gemini-2.5-flash-image GOOGLE_GENERATIVE_AI_API_KEY=… \
//     npm run try-provider -- --clone-vibe "sharper, more deadpan"

import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { aiRenderer } from '../activities/rendering/ai/ai-renderer.ts';
import { openImageModel } from '../activities/rendering/ai/open-image-model.ts';
import { contactSheet } from '../activities/rendering/contact-sheet.ts';
import { RenderError, type Renderer } from '../activities/rendering/renderer.ts';
import { readConfig } from '../src/config.ts';
import type { Identity } from '../src/domain/influencer.ts';
import { shots, wavesAfterLost, wavesOf, type Shot } from '../src/domain/shots.ts';

const { values } = parseArgs({
  options: {
    'clone-vibe': { type: 'string', default: 'sharper, more deadpan' },
    'clone-style': { type: 'string', default: 'streetwear' },
    'no-clone': { type: 'boolean', default: false },
  },
});

const source: Identity = {
  gender: 'female',
  ageRange: '25-34',
  ethnicity: 'East Asian',
  hairColor: 'dark brown',
  hairStyle: 'long wavy',
  style: 'minimalist',
  vibe: 'warm, playful',
};
const overrides = { vibe: values['clone-vibe'], style: values['clone-style'] };

type Set = Map<Shot, Uint8Array>;

let asked = 0;

const { ai, dataDir } = readConfig(process.env);
if (ai === null) throw new Error('AI_IMAGE_MODEL has to say which model draws, as provider/model.');
const renderer = aiRenderer(await openImageModel(ai));
console.log(
  `${ai.provider}/${ai.model}, which is shown up to ${String(renderer.maxReferences)} pictures of the person`,
);

const seed = randomUUID();
const sets = [{ title: 'The source', identity: source, images: await draw('source', source, []) }];
if (!values['no-clone']) {
  const identity = { ...source, ...overrides };
  const images = await draw('clone', identity, [...(sets[0]?.images.values() ?? [])]);
  sets.push({ title: 'Her clone', identity, images });
}
await show();

/** Draws a set in the service's waves; the pictures that it begins with come after the first one that it has drawn itself. */
async function draw(name: string, identity: Identity, startsWith: readonly Uint8Array[]): Promise<Set> {
  const drawn: Set = new Map();
  let waves = wavesOf[renderer.name](shots, false);
  for (let wave = waves.shift(); wave !== undefined; wave = waves.shift()) {
    const [anchor] = drawn.values();
    const references = [...(anchor === undefined ? [] : [anchor]), ...startsWith].slice(0, renderer.maxReferences);
    await Promise.all(
      wave.map(async (shot) => {
        const title = `${`${name} ${shot}`.padEnd(22)} ${String(references.length)} shown`;
        const bytes = await drawOne(title, { identity, shot, seed, references });
        if (bytes !== undefined) drawn.set(shot, bytes);
      }),
    );
    if (drawn.size === 0) waves = wavesAfterLost(waves);
  }
  return drawn;
}

/** Draws one, and says how it went as the service's log would. */
async function drawOne(title: string, description: Parameters<Renderer['render']>[0]): Promise<Uint8Array | undefined> {
  const startedAt = performance.now();
  const say = (how: string) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    console.log(`  ${title} ${seconds.padStart(6)} s  ${how}`);
  };
  asked += 1;
  try {
    const { bytes } = await renderer.render(description, new AbortController().signal);
    say(`${String(Math.round(bytes.length / 1024))} KB`);
    return bytes;
  } catch (error) {
    if (!(error instanceof RenderError)) throw error;
    const wait = error.retryAfterMs === null ? '' : `, to be tried again in ${String(error.retryAfterMs / 1_000)} s`;
    say(`${error.fault}: ${error.message}${wait}`);
    // What is wrong with the configuration is wrong with the next picture too.
    if (error.fault === 'misconfigured') process.exit(1);
    process.exitCode = 1;
    return undefined;
  }
}

/** Writes the sheet, in the order of the shots whatever came first. */
async function show(): Promise<void> {
  const rows = sets.map(({ title, identity, images }) => ({
    title,
    subtitle: `${identity.vibe ?? ''} · ${identity.style ?? ''}`,
    images: shots.flatMap((shot) => {
      const bytes = images.get(shot);
      return bytes === undefined ? [] : [{ bytes, caption: shot }];
    }),
  }));
  const count = rows.reduce((sum, { images }) => sum + images.length, 0);
  console.log(
    `${String(asked)} images asked for, ${String(count)} drawn: what was asked for is what counts for AI_IMAGES_PER_DAY`,
  );
  if (count === 0) return;
  const file = path.join(dataDir, 'try-provider', `${new Date().toISOString().replaceAll(':', '-')}.png`);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, await contactSheet(rows));
  console.log(`The contact sheet: ${path.relative('', file)}`);
}
