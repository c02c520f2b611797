/** What the API answers, as far as the dashboard reads it. */

export type InstanceRole = 'owner' | 'admin' | 'user';
export type SiteRole = 'owner' | 'admin' | 'editor' | 'viewer';

export interface User {
  id: string;
  email: string;
  name: string;
  role: InstanceRole;
}

export interface Notice {
  code: string;
  level: 'info' | 'warn' | 'error';
  message: string;
  fix?: string;
}

export interface Status {
  state: 'setup' | 'ready';
  version: string;
  demo: boolean;
  /** the login cookie travels in the clear */
  insecure: boolean;
  user: User | null;
  public_url: string | null;
  notices?: Notice[];
  demo_login?: { email: string; password: string };
}

export interface Site {
  id: string;
  domain: string;
  name: string;
  timezone: string;
  role: SiteRole;
  created_at: string;
  first_hit_at: string | null;
  honor_dnt: boolean;
  hosts: string[];
  snippet: string;
}

export interface Install {
  first_hit_at: string | null;
  recent: Seen[];
}

/** A hit the server saw, stored or not; nothing in it tells who. */
export interface Seen {
  at: string;
  outcome: 'stored' | 'ignored' | 'refused' | 'bot';
  reason: string;
  hostname: string;
}

export const SCOPES = ['stats:read', 'events:write', 'sites:manage', 'sql'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Token {
  id: string;
  name: string;
  scopes: Scope[];
  site: string | null;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  prefix: string;
  /** only in the answer that makes it */
  token?: string;
}

export interface Login {
  id: string;
  created_at: string;
  last_seen_at: string;
  browser: string;
  os: string;
  current: boolean;
}
