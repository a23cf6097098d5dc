import { afterEach, describe, expect, it, vi } from 'vitest';
import { byteMatcher, findHits, searchLog, textMatcher } from './search';

const bytes = (text: string) => new TextEncoder().encode(text);
const hits = (text: string, query: string, regex = false) => {
  const matcher = byteMatcher({ text: query, regex });
  return matcher ? findHits(bytes(text), matcher) : null;
};

describe('findHits', () => {
  it('counts bytes, not characters', () => expect(hits('é é\nx needle', 'needle')).toEqual([8]));
  it('finds what is not ASCII', () => expect(hits('a\n東京\n', '京')).toEqual([5]));
  it('counts a line once', () => expect(hits('aa a\na\n', 'a')).toEqual([0, 5]));
  it('does not care about case', () => expect(hits('Error: ERROR', 'error')).toEqual([0]));
  it('takes text literally', () => expect(hits('a+b\naab', 'a+b')).toEqual([0]));
  it('understands expressions', () =>
    expect(hits('step 12\nstep x\n^step 3', '^step \\d', true)).toEqual([0]));
  it('says that an expression is none', () => expect(hits('x', '(', true)).toBeNull());
  it('ends on expressions that match nothing', () => expect(hits('a\nb', 'x*', true)).toEqual([0, 2]));
});

it('matches shown text by the same rules', () => {
  expect('An É'.match(textMatcher({ text: 'é', regex: false }) ?? '')).toEqual(['É']);
});

describe('searchLog', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('reads on at line borders', async () => {
    const file = bytes(`${'x'.repeat(99)}\n`.repeat(60_000) + 'needle\n'); // more than one part
    vi.stubGlobal('fetch', (_path: string, init: RequestInit) => {
      const range = /bytes=(\d+)-(\d+)/.exec((init.headers as Record<string, string>).Range ?? '');
      const [begin, end] = [Number(range?.[1]), Number(range?.[2]) + 1];
      const headers = { 'X-Total-Size': String(file.length) };
      return Promise.resolve(new Response(file.slice(begin, end), { status: 206, headers }));
    });
    const matcher = byteMatcher({ text: 'needle', regex: false });
    const seen = [];
    const log = { task: '1', stream: 'stdout' as const, total: file.length };
    if (matcher)
      for await (const step of searchLog(log, matcher, new AbortController().signal)) seen.push(step);
    expect(seen.length).toBe(2);
    expect(seen.at(-1)).toEqual({ hits: [6_000_000], scanned: file.length });
  });
});
