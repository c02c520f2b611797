import type { Install, Seen } from '../api/model';

/** Why nothing has come yet, the likeliest first. */
export interface Cause {
  /** of its text: waiting.cause.KEY */
  key: 'privacy' | 'localhost' | 'domain' | 'bot' | 'excluded' | 'dnt' | 'refused' | 'blocked';
  values?: Record<string, string>;
  /** seen on the server, not only possible */
  seen: boolean;
}

export interface Surroundings {
  domain: string;
  /** this browser asks not to be counted (DNT or GPC) and the site honours it */
  privacy: boolean;
  /** long enough without anything to suspect a blocker */
  quiet: boolean;
}

/**
 * The causes of an empty dashboard: what the server saw and did not store, then
 * what this browser tells about itself, and with no sign at all the usual ones.
 */
export function causes(install: Install | undefined, around: Surroundings): Cause[] {
  const found: Cause[] = [];
  for (const hit of install?.recent ?? []) {
    const cause = causeOf(hit, around.domain);
    if (cause && !found.some((c) => c.key === cause.key)) found.push(cause);
  }
  if (around.privacy && !found.some((c) => c.key === 'dnt')) found.push({ key: 'privacy', seen: false });
  if (around.quiet && !found.some((c) => c.seen)) found.push({ key: 'blocked', seen: false });
  return found;
}

function causeOf(hit: Seen, domain: string): Cause | null {
  const values = { host: hit.hostname, domain, reason: hit.reason };
  if (hit.outcome === 'stored') return null;
  if (hit.outcome === 'bot' || hit.reason.startsWith('bot')) return { key: 'bot', values, seen: true };
  if (/^(localhost|127\.|\[?::1|.*\.local$)/.test(hit.hostname)) return { key: 'localhost', values, seen: true };
  if (hit.reason === 'dnt') return { key: 'dnt', values, seen: true };
  if (hit.reason === 'excluded') return { key: 'excluded', values, seen: true };
  if (hit.reason === 'unknown_site' || hit.reason.startsWith('host')) return { key: 'domain', values, seen: true };
  return { key: 'refused', values, seen: true };
}

/** Whether this browser sends DNT or Global Privacy Control. */
export function asksForPrivacy(nav: Navigator = navigator): boolean {
  const { doNotTrack, globalPrivacyControl } = nav as Navigator & { doNotTrack?: string | null; globalPrivacyControl?: boolean };
  return doNotTrack === '1' || globalPrivacyControl === true;
}
