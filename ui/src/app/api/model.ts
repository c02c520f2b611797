import type { components } from './types';

type Schemas = components['schemas'];

/** What the API answers, by the names the dashboard uses. */
export type User = Schemas['User'];
export type Status = Schemas['Status'];
export type Notice = Schemas['Notice'];
export type Site = Schemas['Site'];
export type Install = Schemas['Install'];
/** A hit the server saw, stored or not; nothing in it tells who. */
export type Seen = Schemas['Outcome'];
export type Scope = Schemas['Scope'];
export type Token = Schemas['Token'];
/** A new token with its secret, which no later answer holds. */
export type NewToken = Schemas['TokenCreated'];
export type Login = Schemas['Login'];
export type SetupRequest = Schemas['SetupRequest'];
export type SitePatch = Schemas['SitePatch'];

export const SCOPES: readonly Scope[] = ['stats:read', 'events:write', 'sites:manage', 'sql'];
