import type { Routes } from '@angular/router';
import { landing, signedIn, signedOut } from './api/guards';
import { Frame } from './frame/frame';

export const routes: Routes = [
  { path: 'login', canActivate: [signedOut], loadComponent: () => import('./login/login').then((m) => m.LoginPage) },
  { path: 'setup', canActivate: [signedOut], loadComponent: () => import('./setup/setup').then((m) => m.Setup) },
  {
    path: '',
    component: Frame,
    canActivate: [signedIn],
    children: [
      { path: '', pathMatch: 'full', canActivate: [landing], children: [] },
      { path: 'sites', loadComponent: () => import('./sites/sites').then((m) => m.Sites) },
      { path: 'sites/new', loadComponent: () => import('./sites/add-site').then((m) => m.AddSite) },
      { path: 'account', loadComponent: () => import('./account/account').then((m) => m.Account) },
      { path: 'account/tokens', loadComponent: () => import('./tokens/tokens').then((m) => m.Tokens) },
      { path: ':site/settings', loadComponent: () => import('./settings/settings').then((m) => m.Settings) },
      { path: ':site', loadComponent: () => import('./dashboard/dashboard').then((m) => m.Dashboard) },
      { path: '**', loadComponent: () => import('./frame/missing').then((m) => m.Missing) },
    ],
  },
];
