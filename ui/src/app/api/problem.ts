import { HttpErrorResponse } from '@angular/common/http';

/** An error as the page shows it. */
export interface Problem {
  status: number;
  message: string;
  code: string;
  field?: string;
  hint?: string;
  /** seconds to wait, for 429 */
  retryAfter?: number;
}

/** Reads the API's error answer; a broken connection becomes code "offline". */
export function toProblem(err: unknown): Problem {
  if (!(err instanceof HttpErrorResponse)) return { status: 0, message: '', code: 'unknown' };
  if (err.status === 0) return { status: 0, message: '', code: 'offline' };
  const body = (err.error ?? {}) as { error?: string; code?: string; field?: string; hint?: string };
  return {
    status: err.status,
    message: typeof body.error === 'string' ? body.error : '',
    code: body.code ?? 'unknown',
    field: body.field,
    hint: body.hint,
    retryAfter: Number(err.headers.get('Retry-After')) || undefined,
  };
}
