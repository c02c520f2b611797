import { inject } from '@angular/core';
import { Router, type CanActivateFn } from '@angular/router';
import { Session } from './session';

/** Pages for signed-in people; a fresh instance goes to setup first. */
export const signedIn: CanActivateFn = async (_route, state) => {
  const session = inject(Session);
  const router = inject(Router);
  const status = await session.load();
  if (status.state === 'setup') return router.createUrlTree(['/setup']);
  if (!status.user) {
    const next = state.url === '/' || state.url === '/sites' ? undefined : state.url;
    return router.createUrlTree(['/login'], { queryParams: { next } });
  }
  await session.loadSites();
  return true;
};

/** One site: straight to its dashboard. Else the list. */
export const landing: CanActivateFn = async () => {
  const session = inject(Session);
  const router = inject(Router);
  const sites = await session.loadSites();
  return router.createUrlTree(sites.length === 1 ? ['/', sites[0].domain] : ['/sites']);
};

/** Login and setup have nothing for those who are in, or not set up. */
export const signedOut: CanActivateFn = async (route) => {
  const session = inject(Session);
  const router = inject(Router);
  const status = await session.load();
  const wanted = route.routeConfig?.path;
  if (status.state === 'setup') return wanted === 'setup' || router.createUrlTree(['/setup']);
  if (status.user) return router.createUrlTree(['/']);
  return wanted === 'login' || router.createUrlTree(['/login']);
};
