import { HttpErrorResponse, type HttpInterceptorFn } from '@angular/common/http';
import { inject } from '@angular/core';
import { Router } from '@angular/router';
import { tap } from 'rxjs';
import { Session } from './session';

/** A login that has ended shows the login page, and comes back after it. */
export const expired: HttpInterceptorFn = (request, next) => {
  const session = inject(Session);
  const router = inject(Router);
  return next(request).pipe(
    tap({
      error: (err: unknown) => {
        const ended = err instanceof HttpErrorResponse && err.status === 401 && session.user() !== null;
        if (!ended || request.url.endsWith('/password')) return;
        session.signedOut();
        void router.navigate(['/login'], { queryParams: { next: router.url } });
      },
    }),
  );
};
