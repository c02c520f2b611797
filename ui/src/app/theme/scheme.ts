import { Injectable, effect, signal } from '@angular/core';

export type Choice = 'light' | 'dark' | 'system';
const KEY = 'hk-theme'; // also read by public/theme.js

/** The colour scheme: the person's choice, else the system's, live. */
@Injectable({ providedIn: 'root' })
export class Scheme {
  readonly choice = signal<Choice>(stored());
  private readonly system = signal(media()?.matches ?? false);

  constructor() {
    media()?.addEventListener('change', (e) => this.system.set(e.matches));
    effect(() => {
      const choice = this.choice();
      const dark = choice === 'dark' || (choice === 'system' && this.system());
      document.documentElement.classList.toggle('dark', dark);
      try {
        if (choice === 'system') localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, choice);
      } catch {
        // Storage is blocked: the choice holds until the page is left.
      }
    });
  }
}

function media(): MediaQueryList | undefined {
  return globalThis.matchMedia?.('(prefers-color-scheme: dark)');
}

function stored(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}
