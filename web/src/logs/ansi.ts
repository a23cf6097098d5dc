/** A stretch of text in one style; classes are in components/logs/ansi.css. */
export interface Run {
  text: string;
  style: Style;
}

export interface Style {
  /** Index 0 to 255, or "#rrggbb"; null is the default colour. */
  readonly fg: number | string | null;
  readonly bg: number | string | null;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly italic: boolean;
  readonly underline: boolean;
  readonly inverse: boolean;
}

export const PLAIN: Style = {
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
};

// CSI sequences, OSC and other strings up to their end, two-byte escapes, and control characters but tab.
const ESCAPES =
  /\x1b\[([0-9;:?<=>]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|[\x00-\x08\x0b-\x1f\x7f]/g;

/**
 * Splits a line into styled runs, from `style` on. Colours and attributes are understood; every other sequence and
 * control character is dropped, so that no log can do anything but be read.
 */
export function parseAnsi(line: string, style: Style = PLAIN): { runs: Run[]; style: Style } {
  const runs: Run[] = [];
  let current = style;
  let at = 0;
  for (const match of line.matchAll(ESCAPES)) {
    if (match.index > at) runs.push({ text: line.slice(at, match.index), style: current });
    at = match.index + match[0].length;
    if (match[2] === 'm') current = applySgr(current, match[1] ?? '');
  }
  if (at < line.length) runs.push({ text: line.slice(at), style: current });
  return { runs, style: current };
}

type Setter = (style: Style) => Style;

const SIMPLE: Record<number, Setter> = {
  0: () => PLAIN,
  1: (style) => ({ ...style, bold: true }),
  2: (style) => ({ ...style, dim: true }),
  3: (style) => ({ ...style, italic: true }),
  4: (style) => ({ ...style, underline: true }),
  7: (style) => ({ ...style, inverse: true }),
  22: (style) => ({ ...style, bold: false, dim: false }),
  23: (style) => ({ ...style, italic: false }),
  24: (style) => ({ ...style, underline: false }),
  27: (style) => ({ ...style, inverse: false }),
  39: (style) => ({ ...style, fg: null }),
  49: (style) => ({ ...style, bg: null }),
};

function applySgr(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number);
  let next = style;
  for (let index = 0; index < codes.length; index++) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      const extended = extendedColor(codes, index + 1);
      index += extended.used;
      if (extended.color !== null) next = { ...next, [code === 38 ? 'fg' : 'bg']: extended.color };
    } else next = (SIMPLE[code] ?? basicColor(code))(next);
  }
  return next;
}

function basicColor(code: number): Setter {
  const bright = code >= 90 && code <= 107;
  const digit = bright ? code - 90 : code - 30;
  const isColor = bright || (code >= 30 && code <= 47);
  if (!isColor || digit % 10 > 7) return (style) => style;
  const color = (digit % 10) + (bright ? 8 : 0);
  return (style) => (digit < 10 ? { ...style, fg: color } : { ...style, bg: color });
}

/** "5;N" or "2;R;G;B" after 38 or 48: the colour, and how many codes it took. */
function extendedColor(codes: number[], at: number): { color: number | string | null; used: number } {
  if (codes[at] === 5) return { color: inByte(codes[at + 1]), used: 2 };
  if (codes[at] !== 2) return { color: null, used: 1 };
  const parts = [1, 2, 3].map((step) => inByte(codes[at + step]));
  if (parts.includes(null)) return { color: null, used: 4 };
  return { color: `#${parts.map((part) => (part ?? 0).toString(16).padStart(2, '0')).join('')}`, used: 4 };
}

const inByte = (value: number | undefined): number | null =>
  value !== undefined && Number.isInteger(value) && value >= 0 && value <= 255 ? value : null;

/** The colour of an index above 15, as terminals define it. */
export function paletteColor(index: number): string {
  if (index >= 232) {
    const gray = 8 + (index - 232) * 10;
    return `rgb(${gray} ${gray} ${gray})`;
  }
  const level = (value: number): number => (value === 0 ? 0 : 55 + value * 40);
  const cube = index - 16;
  return `rgb(${level(Math.floor(cube / 36))} ${level(Math.floor(cube / 6) % 6)} ${level(cube % 6)})`;
}
