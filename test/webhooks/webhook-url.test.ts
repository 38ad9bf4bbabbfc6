import assert from 'node:assert/strict';
import { webhookUrlFault } from '../../src/webhooks/webhook-url.ts';
import { forbiddenUrls } from '../support/forbidden-addresses.ts';

const faultOf = (url: string) => webhookUrlFault(url, { allowsLocalhost: false });
const faultOnLaptop = (url: string) => webhookUrlFault(url, { allowsLocalhost: true });

describe('where webhooks may go', () => {
  for (const url of [
    'https://hooks.example.com/doppel?x=1',
    'https://HOOKS.example.com:8443',
    'https://bücher.example/',
    'https://hooks.example.com/@me?to=you@example.com',
    `https://${'a'.repeat(63)}.example.com/`,
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]:8443/',
  ]) {
    it(`takes ${url}`, () => {
      assert.equal(faultOf(url), null);
      assert.equal(faultOnLaptop(url), null);
    });
  }

  it('takes a name with letters of Latin-1 also once it has seen very many', () => {
    for (let seen = 0; seen < 100_000; seen++) faultOf(`https://hooks.example.com/${String(seen)}`);
    assert.equal(faultOf('https://bücher.example/'), null);
  });

  for (const [what, url] of Object.entries(forbiddenUrls)) {
    it(`refuses ${what}, ${url}`, () => {
      assert.match(faultOf(url) ?? '', /^must (not name a private or reserved address|name a host of the internet)$/);
    });
  }

  for (const [url, fault] of Object.entries({
    'http://hooks.example.com/': 'must be an https URL',
    'ftp://hooks.example.com/': 'must be an https URL',
    'javascript:alert(1)': 'must be an https URL',
    'file:///etc/passwd': 'must be an https URL',
    'https://user@hooks.example.com/': 'must have no user information',
    'https://:secret@hooks.example.com/': 'must have no user information',
    'https://@hooks.example.com/': 'must have no user information',
    'https:@hooks.example.com/': 'must have no user information',
    'https://:@hooks.example.com?a': 'must have no user information',
    'https://hooks.example.com/#a': 'must have no fragment',
    'https://hooks.example.com/#': 'must have no fragment',
    'hooks.example.com': 'must be a URL',
    'https://': 'must be a URL',
    'https://256.256.256.256/': 'must be a URL',
    'https://[fe80::1%25eth0]/': 'must be a URL',
    ' https://hooks.example.com/': 'must be a URL without spaces, control characters and backslashes',
    'https://hooks.example.com/\n': 'must be a URL without spaces, control characters and backslashes',
    'https:\\\\hooks.example.com': 'must be a URL without spaces, control characters and backslashes',
  })) {
    it(`refuses ${JSON.stringify(url)}: it ${fault}`, () => {
      assert.equal(faultOf(url), fault);
      assert.equal(faultOnLaptop(url), fault);
    });
  }

  for (const url of [
    ...['https://hooks.example.com./', 'https://hooks.example.com../', 'https://.example.com/', 'https://a..b/'],
    ...[`https://${'a'.repeat(64)}.example.com/`, `https://${'a.'.repeat(126)}com/`, 'https://10.0.0.1../'],
  ]) {
    it(`refuses ${url.slice(0, 40)}, which is no name that can be delivered to`, () => {
      const fault = 'must name a host without empty or overlong parts, and without a dot at the end';
      assert.equal(faultOf(url), fault);
      assert.equal(faultOnLaptop(url), fault);
    });
  }

  it('refuses names of the inside whatever dots end them, and this machine’s with a dot, which is not dialled', () => {
    for (const url of ['https://localhost../', 'https://host.internal.../', 'https://kubernetes./']) {
      assert.equal(faultOf(url), 'must name a host of the internet', url);
    }
    for (const url of ['http://localhost.:1/', 'https://localhost.:1/']) assert.notEqual(faultOnLaptop(url), null, url);
  });

  it('takes a receiver on this machine where that is allowed, over http too, and nothing else that is refused', () => {
    for (const url of ['http://localhost:3000/', 'http://127.0.0.1/', 'https://[::1]:1/']) {
      assert.equal(faultOnLaptop(url), null, url);
      assert.notEqual(faultOf(url), null, url);
    }
    for (const url of ['http://127.0.0.2/', 'http://10.0.0.1/', 'https://a.localhost/', 'https://169.254.169.254/']) {
      assert.notEqual(faultOnLaptop(url), null, url);
    }
  });
});
