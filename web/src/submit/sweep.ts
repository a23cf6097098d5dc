import { t } from '@/texts';
import { parseBraces, parseList, SpanProblem, type Values } from './spanValues';

/**
 * Sweeps: arguments with span:{1..5}, span:{0..1..0.25}, span:{a..e} or span:[x,y] stand for every combination. The
 * Host expands them when a submission says so; this is the preview of what it will do, by the same grammar.
 */
export interface Sweep {
  count: number;
  /** The arguments of one combination; the last span varies fastest. */
  at(index: number): string[];
}

export type SweepResult = { ok: true; sweep: Sweep } | { ok: false; problem: string };

type Part = string | Values;

const OPENING = /(?<![A-Za-z0-9_])span:(?:(\{)|(\[)|(file:))/;

export const hasSpan = (word: string): boolean => OPENING.test(word);

export function parseSweep(words: readonly string[]): SweepResult {
  try {
    const parsed = words.map(parseWord);
    return { ok: true, sweep: sweepOf(parsed) };
  } catch (problem) {
    if (problem instanceof SpanProblem) return { ok: false, problem: problem.message };
    throw problem;
  }
}

const countOf = (part: Part): number => (typeof part === 'string' ? 1 : part.count);

function sweepOf(words: readonly Part[][]): Sweep {
  const count = words.flat().reduce((product, part) => product * countOf(part), 1);
  return {
    count,
    at(index) {
      let left = index;
      const result: string[] = [];
      for (const parts of words.toReversed()) {
        let text = '';
        for (const part of parts.toReversed()) {
          text = (typeof part === 'string' ? part : part.at(left % part.count)) + text;
          left = Math.floor(left / countOf(part));
        }
        result.unshift(text);
      }
      return result;
    },
  };
}

function parseWord(word: string): Part[] {
  const first = OPENING.exec(word);
  // What remains of span:{1..3} when a shell has expanded its braces.
  if (word.startsWith('span:') && first?.index !== 0) throw new SpanProblem(t.submit.spans.expanded(word));
  const parts: Part[] = [];
  let rest = word;
  for (let match = first; match; match = OPENING.exec(rest)) {
    if (match.index > 0) parts.push(rest.slice(0, match.index));
    const body = match.index + match[0].length;
    if (match[3]) throw new SpanProblem(t.submit.spans.file);
    const end = match[1] ? rest.indexOf('}', body) : endOfList(rest, body);
    if (end < 0) throw new SpanProblem(t.submit.spans.unclosed(rest.slice(match.index)));
    parts.push((match[1] ? parseBraces : parseList)(rest.slice(body, end)));
    rest = rest.slice(end + 1);
  }
  if (rest || !parts.length) parts.push(rest);
  return parts;
}

/** The bracket that closes the list whose body begins at `from`, or -1. */
function endOfList(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && ',[]\\'.includes(text.charAt(at + 1) || ' ')) at++;
    else if (char === '[') depth++;
    else if (char === ']' && depth-- === 0) return at;
  }
  return -1;
}
