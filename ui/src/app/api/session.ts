import { HttpClient } from '@angular/common/http';
import { Injectable, computed, inject, signal } from '@angular/core';
import { firstValueFrom } from 'rxjs';
import type { Site, Status, User } from './model';

/** Who is here and what the server says of itself. */
@Injectable({ providedIn: 'root' })
export class Session {
  private readonly http = inject(HttpClient);
  private readonly state = signal<Status | null>(null);
  private readonly list = signal<Site[] | null>(null);

  readonly status = this.state.asReadonly();
  readonly sites = this.list.asReadonly();
  readonly user = computed(() => this.state()?.user ?? null);

  /** The status, asked once; reload after anything that changes it. */
  async load(reload = false): Promise<Status> {
    const known = this.state();
    if (known && !reload) return known;
    const status = await firstValueFrom(this.http.get<Status>('/api/status'));
    this.state.set(status);
    return status;
  }

  async loadSites(reload = false): Promise<Site[]> {
    const known = this.list();
    if (known && !reload) return known;
    const sites = await firstValueFrom(this.http.get<Site[]>('/api/sites'));
    this.list.set(sites);
    return sites;
  }

  /** A site by domain or id, out of the list that is loaded. */
  site(name: string): Site | undefined {
    return this.list()?.find((s) => s.domain === name || s.id === name);
  }

  putSite(site: Site): void {
    this.list.update((all) => {
      const known = all?.some((s) => s.id === site.id);
      return known ? all!.map((s) => (s.id === site.id ? site : s)) : [...(all ?? []), site];
    });
  }

  dropSite(id: string): void {
    this.list.update((all) => all?.filter((s) => s.id !== id) ?? null);
  }

  signedIn(user: User): void {
    this.state.update((s) => (s ? { ...s, state: 'ready', user } : s));
    this.list.set(null);
    void this.load(true); // notices are for the signed-in only
  }

  signedOut(): void {
    this.state.update((s) => (s ? { ...s, user: null, notices: [] } : s));
    this.list.set(null);
  }
}
