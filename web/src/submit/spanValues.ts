import { t } from '@/texts';
import { digitsWith, formatDecimal, parseDecimal, type Decimal } from './decimal';

/** What one span stands for; nothing is expanded before it is asked for. */
export interface Values {
  count: number;
  at(index: number): string;
}

/** Why a span cannot be read, in one sentence. */
export class SpanProblem extends Error {}

const problems = () => t.submit.spans;
const ESCAPED = ',[]\\';

/** The body of span:{...}. */
export function parseBraces(body: string): Values {
  if (body.includes('..')) return parseRange(body);
  if (body.includes(',')) return parseList(body);
  throw new SpanProblem(problems().neither);
}

/** The body of span:[...]: items between commas, trimmed; \, \[ \] and \\ stand for themselves. */
export function parseList(body: string): Values {
  if (!body.trim()) throw new SpanProblem(problems().emptyList);
  const items = splitItems(body).map((item) => item.trim().replace(/\\([,[\]\\])/g, '$1'));
  return { count: items.length, at: (index) => items[index] ?? '' };
}

function splitItems(body: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let at = 0; at < body.length; at++) {
    const char = body.charAt(at);
    if (char === '\\' && at + 1 < body.length && ESCAPED.includes(body.charAt(at + 1))) at++;
    else if (char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === ',' && depth === 0) {
      items.push(body.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...items, body.slice(begin)];
}

function parseRange(body: string): Values {
  const [first = '', last = '', ...rest] = body.split('..').map((part) => part.trim());
  const step = rest.length ? rest.join('..') : null;
  const letters = /^[a-zA-Z]$/.test(first) && /^[a-zA-Z]$/.test(last);
  return letters ? letterRange(first, last, step) : numberRange(first, last, step);
}

function numberOf(text: string): Decimal {
  const number = parseDecimal(text);
  if (!number) throw new SpanProblem(problems().number(text));
  return number;
}

function letterRange(first: string, last: string, stepText: string | null): Values {
  const step = stepText === null ? 1n : numberOf(stepText).digits;
  if (/[a-z]/.test(first) !== /[a-z]/.test(last)) throw new SpanProblem(problems().oneCase);
  const begin = first.charCodeAt(0);
  const count = countSteps(BigInt(begin), BigInt(last.charCodeAt(0)), step);
  return { count, at: (index) => String.fromCharCode(begin + Number(step) * index) };
}

function numberRange(firstText: string, lastText: string, stepText: string | null): Values {
  const first = numberOf(firstText);
  const last = numberOf(lastText);
  if (stepText === null && (first.decimals || last.decimals)) throw new SpanProblem(problems().needsStep);
  const step = numberOf(stepText ?? '1');
  // The end has no say in how values are written, only in where they stop.
  const decimals = Math.max(first.decimals, step.decimals);
  const exact = Math.max(decimals, last.decimals);
  const count = countSteps(digitsWith(first, exact), digitsWith(last, exact), digitsWith(step, exact));
  const begin = digitsWith(first, decimals);
  const stride = digitsWith(step, decimals);
  const width = first.padded || last.padded ? Math.max(first.width, last.width) : 0;
  return { count, at: (index) => formatDecimal(begin + stride * BigInt(index), decimals, width) };
}

function countSteps(first: bigint, last: bigint, step: bigint): number {
  if (step === 0n) throw new SpanProblem(problems().zeroStep);
  if (step > 0n ? first > last : first < last) throw new SpanProblem(problems().emptyRange);
  return Number((last - first) / step) + 1;
}
