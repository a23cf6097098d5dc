import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { backoffMs } from './backoff';
import { EventHub } from './events';
import { EventStream, type StreamState } from './stream';

class FakeSource {
  static all: FakeSource[] = [];
  onerror: () => void = () => undefined;
  closed = false;
  private readonly listeners = new Map<string, (event: { data: string }) => void>();
  constructor(readonly address: string) {
    FakeSource.all.push(this);
  }
  addEventListener(name: string, listener: (event: { data: string }) => void): void {
    this.listeners.set(name, listener);
  }
  say(name: string, data: object): void {
    this.listeners.get(name)?.({ data: JSON.stringify(data) });
  }
  close(): void {
    this.closed = true;
  }
}
const newest = (): FakeSource => FakeSource.all.at(-1) as FakeSource;

let states: StreamState[];
let hub: EventHub;
let stream: EventStream;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('EventSource', FakeSource);
  FakeSource.all = [];
  states = [];
  hub = new EventHub();
  stream = new EventStream(hub, (state) => states.push(state));
  stream.start();
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('is live after hello, and hands events on', () => {
  const seen: unknown[] = [];
  const stop = hub.on('hello', (data) => seen.push(data));
  newest().say('hello', { version: '1', now: '' });
  stop();
  newest().say('hello', { version: '2', now: '' });
  expect(seen).toEqual([{ version: '1', now: '' }]);
  expect(states).toEqual(['connecting', 'live', 'live']);
});

it('connects again, ever more patiently', async () => {
  for (let attempt = 0; attempt < 4; attempt++) {
    newest().onerror();
    expect(states.at(-1)).toBe('lost');
    await vi.advanceTimersByTimeAsync(500 * 2 ** attempt);
    expect(FakeSource.all).toHaveLength(attempt + 2);
  }
  expect(FakeSource.all.slice(0, -1).every((source) => source.closed)).toBe(true);
});

it('takes silence for a loss', async () => {
  newest().say('hello', { version: '1', now: '' });
  await vi.advanceTimersByTimeAsync(11_000);
  expect(states.at(-1)).toBe('live');
  await vi.advanceTimersByTimeAsync(1500);
  expect(states).toContain('lost');
});

it('gives its connection back while the tab is hidden', async () => {
  newest().say('hello', { version: '1', now: '' });
  const hidden = vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(10_500);
  expect(newest().closed).toBe(true);
  expect(states.at(-1)).toBe('asleep');
  hidden.mockReturnValue(false);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(FakeSource.all).toHaveLength(2);
  hidden.mockRestore();
});

it('waits between half and all of the limit', () => {
  expect(backoffMs(0, () => 0)).toBe(250);
  expect(backoffMs(0, () => 1)).toBe(500);
  expect(backoffMs(30, () => 1)).toBe(15_000);
});
