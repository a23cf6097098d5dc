import { describe, expect, it } from 'vitest';
import { paletteColor, parseAnsi, PLAIN } from './ansi';

const E = '\x1b';
const texts = (line: string) => parseAnsi(line).runs.map((run) => run.text);
const styleOf = (line: string) => parseAnsi(line).runs.at(-1)?.style;

describe('parseAnsi', () => {
  it('leaves plain text alone', () => {
    expect(parseAnsi('a < b & c').runs).toEqual([{ text: 'a < b & c', style: PLAIN }]);
    expect(parseAnsi('').runs).toEqual([]);
  });

  it.each([
    [`${E}[31mx`, { fg: 1 }],
    [`${E}[97;44mx`, { fg: 15, bg: 4 }],
    [`${E}[107mx`, { bg: 15 }],
    [`${E}[1;3;4;7mx`, { bold: true, italic: true, underline: true, inverse: true }],
    [`${E}[38;5;208mx`, { fg: 208 }],
    [`${E}[38;2;255;0;16mx`, { fg: '#ff0010' }],
    [`${E}[48:2:1:2:3mx`, { bg: '#010203' }],
    [`${E}[31m${E}[mx`, {}],
    [`${E}[31m${E}[39mx`, {}],
    [`${E}[1;2m${E}[22mx`, {}],
    [`${E}[38;5mx`, {}],
    [`${E}[38;5;999mx`, {}],
    [`${E}[38;9;1mx`, { bold: true }],
    [`${E}[58mx`, {}],
  ])('%j', (line, style) => expect(styleOf(line)).toEqual({ ...PLAIN, ...style }));

  it('carries the style into the next line', () => {
    const { style } = parseAnsi(`${E}[32mgreen`);
    expect(parseAnsi('still', style).runs[0]?.style.fg).toBe(2);
  });

  it.each([
    [`a${E}[2Jb`, ['a', 'b']],
    [`a${E}[?1049hb`, ['a', 'b']],
    [`a${E}]0;title\x07b`, ['a', 'b']],
    [`a${E}]52;c;aGFjaw==${E}\\b`, ['a', 'b']],
    [`a${E}P+q${E}\\b`, ['a', 'b']],
    [`a${E}]0;never ends`, ['a']],
    [`a${E}(Bb`, ['a', 'b']],
    [`a\x00\x07\x08b`, ['a', 'b']],
    [`a\tb`, ['a\tb']],
    [`a${E}`, ['a']],
    [`a${E}[31`, ['a', '31']],
  ])('drops what is no colour: %j', (line, expected) => expect(texts(line)).toEqual(expected));
});

it('knows the palette', () => {
  expect(paletteColor(16)).toBe('rgb(0 0 0)');
  expect(paletteColor(208)).toBe('rgb(255 135 0)');
  expect(paletteColor(255)).toBe('rgb(238 238 238)');
});
