/**
 * Every request of the dashboard passes here: the one place for a session, a deadline and the Host's errors.
 */

const DEADLINE_MS = 15_000;

export interface FieldError {
  /** JSON pointer into the request's body, such as "/targets/0". */
  path: string;
  message: string;
}

/** A request that did not succeed, in one sentence for people. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
    readonly fields: FieldError[] = [],
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** The sentence of any failure, also of one that is not the Host's. */
export function sentenceOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'DELETE';
  json?: unknown;
  body?: Blob;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** 0 waits for ever, for streamed replies. */
  deadlineMs?: number;
  /** Statuses outside 2xx that the caller understands. */
  alsoFine?: readonly number[];
}

/** Sends a request and returns the reply when its status is 2xx; fails with an ApiError otherwise. */
export async function send(path: string, options: RequestOptions = {}): Promise<Response> {
  let reply: Response;
  try {
    reply = await fetch(path, initOf(options));
  } catch (failure) {
    if (options.signal?.aborted) throw failure;
    throw new ApiError('The Host does not answer.', 0, 'unreachable');
  }
  if (!reply.ok && !options.alsoFine?.includes(reply.status)) throw await errorOf(reply);
  return reply;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json() as Promise<T>;
}

export async function postJson<T>(path: string, json?: unknown): Promise<T> {
  return (await send(path, { method: 'POST', json })).json() as Promise<T>;
}

export async function deleteJson<T>(path: string): Promise<T> {
  return (await send(path, { method: 'DELETE' })).json() as Promise<T>;
}

function initOf(options: RequestOptions): RequestInit {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (options.json !== undefined) headers['Content-Type'] = 'application/json';
  return {
    method: options.method ?? 'GET',
    headers,
    body: options.json === undefined ? options.body : JSON.stringify(options.json),
    signal: deadline(options),
    cache: 'no-store',
    credentials: 'same-origin',
  };
}

function deadline({ signal, deadlineMs = DEADLINE_MS }: RequestOptions): AbortSignal | undefined {
  if (deadlineMs === 0) return signal;
  const timeout = AbortSignal.timeout(deadlineMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

interface ErrorBody {
  error?: { code?: string; message?: string; fields?: FieldError[] };
  detail?: string;
}

async function errorOf(reply: Response): Promise<ApiError> {
  const body = (await reply.json().catch(() => ({}))) as ErrorBody;
  const message =
    body.error?.message ?? body.detail ?? `The Host answered ${reply.status} ${reply.statusText}`.trim();
  return new ApiError(message, reply.status, body.error?.code ?? '', body.error?.fields ?? []);
}
