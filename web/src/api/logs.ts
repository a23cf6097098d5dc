import type { Body } from './body';
import { getJson, send } from './http';

export type LogStream = 'stdout' | 'stderr';

const RANGE_NOT_SATISFIABLE = 416;

export interface LogPart {
  bytes: Uint8Array;
  /** Size of the whole file when the part was read. */
  total: number;
}

const path = (task: string, stream: LogStream): string => `/api/tasks/${encodeURIComponent(task)}/${stream}`;

export const logAddress = path;

/** The bytes from `begin` up to, not including, `end`; fewer at the end of the file. */
export async function readLog(
  task: string,
  stream: LogStream,
  range: { begin: number; end: number },
  signal?: AbortSignal,
): Promise<LogPart> {
  return readRange(path(task, stream), `bytes=${range.begin}-${range.end - 1}`, signal);
}

/** The last `count` bytes of the file. */
export async function readLogTail(
  task: string,
  stream: LogStream,
  count: number,
  signal?: AbortSignal,
): Promise<LogPart> {
  return readRange(path(task, stream), `bytes=-${count}`, signal);
}

export type LogMark = Body<'LogMark'>;

/** When the bytes from `begin` up to, not including, `end` were written. */
export async function readLogTimes(
  task: string,
  stream: LogStream,
  range: { begin: number; end: number },
  signal?: AbortSignal,
): Promise<LogMark[]> {
  const all: LogMark[] = [];
  for (let from = range.begin; from < range.end;) {
    const query = `from=${from}&to=${range.end}`;
    const { marks } = await getJson<Body<'LogTimes'>>(`${path(task, stream)}/times?${query}`, signal);
    const last = marks.at(-1);
    if (!last || last.size <= from) break;
    all.push(...marks);
    from = last.size;
  }
  return all;
}

/** A reply that goes on, from byte `offset`, until the task has ended. */
export async function followLog(
  task: string,
  stream: LogStream,
  offset: number,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const reply = await send(`${path(task, stream)}?follow=1&offset=${offset}`, {
    signal,
    deadlineMs: 0,
    headers: { Accept: 'text/plain' },
  });
  return reply.body ?? new ReadableStream({ start: (controller) => controller.close() });
}

async function readRange(address: string, range: string, signal?: AbortSignal): Promise<LogPart> {
  const headers = { Range: range, Accept: 'text/plain' };
  const reply = await send(address, { headers, signal, alsoFine: [RANGE_NOT_SATISFIABLE] });
  const total = totalOf(reply);
  if (reply.status === RANGE_NOT_SATISFIABLE) return { bytes: new Uint8Array(), total }; // nothing there yet
  return { bytes: new Uint8Array(await reply.arrayBuffer()), total };
}

function totalOf(reply: Response): number {
  const fromRange = reply.headers.get('Content-Range')?.split('/')[1];
  return Number(reply.headers.get('X-Total-Size') ?? fromRange ?? 0);
}
