import { HttpClient } from '@angular/common/http';
import { Injectable, inject } from '@angular/core';
import type { Observable } from 'rxjs';
import type { NewToken, Scope, SetupRequest, Site, SitePatch, User } from './model';
import type { Query, Report } from './query';

/** Every call that changes something, and the few reads made on demand. */
@Injectable({ providedIn: 'root' })
export class Api {
  private readonly http = inject(HttpClient);

  setUp(body: SetupRequest): Observable<{ user: User; site: Site }> {
    return this.http.post<{ user: User; site: Site }>('/api/setup', body);
  }

  logIn(email: string, password: string): Observable<{ user: User }> {
    return this.http.post<{ user: User }>('/api/login', { email, password });
  }

  logOut(): Observable<unknown> {
    return this.http.post('/api/logout', {});
  }

  changePassword(current: string, password: string): Observable<unknown> {
    return this.http.post('/api/me/password', { current, password });
  }

  addSite(domain: string, timezone: string): Observable<Site> {
    return this.http.post<Site>('/api/sites', { domain, timezone });
  }

  changeSite(id: string, change: SitePatch): Observable<Site> {
    return this.http.patch<Site>(sitePath(id), change);
  }

  deleteSite(id: string): Observable<unknown> {
    return this.http.delete(sitePath(id));
  }

  addToken(name: string, scopes: Scope[], site: string | null): Observable<NewToken> {
    return this.http.post<NewToken>('/api/tokens', { name, scopes, site });
  }

  deleteToken(id: string): Observable<unknown> {
    return this.http.delete(`/api/tokens/${encodeURIComponent(id)}`);
  }

  deleteLogin(id: string): Observable<unknown> {
    return this.http.delete(`/api/logins/${encodeURIComponent(id)}`);
  }

  query(query: Query): Observable<Report> {
    return this.http.post<Report>('/api/v2/query', query);
  }
}

export function sitePath(id: string): string {
  return `/api/sites/${encodeURIComponent(id)}`;
}
