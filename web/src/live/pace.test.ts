import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Pace } from './pace';

let pace: Pace;
let seen: string[];
beforeEach(() => {
  vi.useFakeTimers();
  pace = new Pace();
  seen = [];
});
afterEach(() => {
  pace.stop();
  vi.useRealTimers();
});
const say = (name: 'nodes' | 'health' | 'tasks' | 'progress', text: string): void =>
  pace.pass(name, () => void seen.push(text));

it('passes on everything at once while somebody uses the page', () => {
  say('nodes', 'a');
  say('health', 'b');
  expect(seen).toEqual(['a', 'b']);
});

it('holds news back when nobody has used it for a while, and loses none', () => {
  vi.advanceTimersByTime(15_000);
  for (const text of ['a', 'b', 'c']) {
    say(text === 'b' ? 'tasks' : 'health', text);
    vi.advanceTimersByTime(900);
  }
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(seen).toEqual(['a', 'b', 'c']);
});

it('never holds back what is rare, nor the news before it', () => {
  vi.advanceTimersByTime(15_000);
  say('nodes', 'a');
  say('progress', 'b');
  expect(seen).toEqual(['a', 'b']);
});

it('is up to date with the first touch, and goes on so', () => {
  vi.advanceTimersByTime(15_000);
  say('nodes', 'a');
  window.dispatchEvent(new Event('pointermove'));
  expect(seen).toEqual(['a']);
  say('nodes', 'b');
  expect(seen).toEqual(['a', 'b']);
});

it('loses nothing to a listener that fails', () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  vi.advanceTimersByTime(15_000);
  pace.pass('nodes', () => {
    throw new Error('listener');
  });
  say('health', 'a');
  vi.advanceTimersByTime(3_000);
  vi.unstubAllGlobals();
  expect(seen).toEqual(['a']);
  expect(reported).toHaveBeenCalledOnce();
});

it('forgets what a lost connection had said', () => {
  vi.advanceTimersByTime(15_000);
  say('nodes', 'a');
  pace.drop();
  vi.advanceTimersByTime(5_000);
  expect(seen).toEqual([]);
});
