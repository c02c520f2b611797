import { describe, expect, it } from 'vitest';
import type { Seen } from '../api/model';
import { cleanDomain } from '../sites/domain';
import { asksForPrivacy, causes } from './causes';

const around = { domain: 'shop.example', privacy: false, quiet: false };
const seen = (outcome: Seen['outcome'], reason: string, hostname = 'shop.example'): Seen => ({ at: '2026-11-23T00:00:00Z', outcome, reason, hostname });
const keys = (recent: Seen[], more = {}) => causes({ first_hit_at: null, recent }, { ...around, ...more }).map((c) => c.key);

describe('causes', () => {
  it.each<[Seen, string]>([
    [seen('ignored', 'dnt'), 'dnt'],
    [seen('ignored', 'unknown_site', 'schop.example'), 'domain'],
    [seen('refused', 'host', 'other.example'), 'domain'],
    [seen('ignored', 'host', 'localhost'), 'localhost'],
    [seen('ignored', 'host', '127.0.0.1'), 'localhost'],
    [seen('bot', 'bot:headless'), 'bot'],
    [seen('ignored', 'excluded'), 'excluded'],
    [seen('refused', 'rate'), 'refused'],
  ])('%j', (hit, key) => expect(keys([hit])).toEqual([key]));

  it('names each once and nothing for a stored hit', () => {
    expect(keys([seen('bot', 'bot:ua'), seen('bot', 'bot:ua'), seen('stored', '')])).toEqual(['bot']);
  });
  it('suspects this browser, and a blocker only when it is quiet', () => {
    expect(keys([], { privacy: true })).toEqual(['privacy']);
    expect(keys([])).toEqual([]);
    expect(keys([], { quiet: true })).toEqual(['blocked']);
    expect(keys([seen('bot', 'bot:ua')], { quiet: true })).toEqual(['bot']);
  });
});

it('reads what the browser asks for', () => {
  expect(asksForPrivacy({ doNotTrack: '1' } as Navigator)).toBe(true);
  expect(asksForPrivacy({ globalPrivacyControl: true } as unknown as Navigator)).toBe(true);
  expect(asksForPrivacy({ doNotTrack: null } as Navigator)).toBe(false);
});

it.each([
  ['example.com', 'example.com'], [' HTTPS://Example.com/path?x#y ', 'example.com'], ['http://localhost:8080', 'localhost'], ['www.example.com.', 'www.example.com'],
])('cleanDomain(%s)', (text, domain) => expect(cleanDomain(text)).toBe(domain));
