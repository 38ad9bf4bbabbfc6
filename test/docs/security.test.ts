import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';

const folder = new URL('../../docs/', import.meta.url);
const pages = {
  'security.md': new URL('security.md', folder),
  'threat-model.md': new URL('threat-model.md', folder),
  'SECURITY.md': new URL('../SECURITY.md', folder),
};

/** What is read in a title's place where a template fills it in. */
const filled = (title: string) => title.replaceAll(/\$\{[^}]*\}/g, '…');

/** The titles of a test file. */
const titlesIn = (source: string): string[] =>
  [...source.matchAll(/\b(?:it|describe)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)].map(([, , title = '']) =>
    filled(title).replaceAll(/\\(.)/g, '$1'),
  );

describe('the pages on security', () => {
  it('name tests that are there, under titles that they have', async () => {
    const text = await readFile(pages['security.md'], 'utf8');
    const named = [...text.matchAll(/^- \[[^\]]+\.test\.ts\]\(([^)]+)\)(.*)$/gm)];
    assert.ok(named.length > 50, String(named.length));
    for (const [, file = '', rest = ''] of named) {
      const titles = titlesIn(await readFile(new URL(file, pages['security.md']), 'utf8'));
      const claimed = [...rest.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title.replaceAll('\\*', '*'));
      assert.ok(claimed.length > 0, `${file} is named without a title`);
      for (const title of claimed) assert.ok(titles.includes(title), `${file} has no “${title}”`);
    }
  });

  it('name a test for each of the ten risks', async () => {
    const text = await readFile(pages['security.md'], 'utf8');
    const sections = text.split(/^## /m).slice(1);
    assert.deepEqual(
      sections.map((section) => section.slice(0, section.indexOf('.'))),
      Array.from({ length: 10 }, (_, i) => `API${String(i + 1)}`),
    );
    for (const section of sections) assert.match(section, /^- \[[^\]]+\.test\.ts\]/m);
  });

  for (const [name, url] of Object.entries(pages)) {
    it(`link to files that are there: ${name}`, async () => {
      const links = [...(await readFile(url, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
      for (const to of links.filter((one) => !/^(https?:|#)/.test(one))) {
        await assert.doesNotReject(access(new URL(to.replace(/#.*$/, ''), url)), to);
      }
    });
  }
});
