import { describe, expect, it } from 'vitest';
import { cutLines, LONGEST_LINE, sliceRuns, textOf } from './lines';
import { LogWindow } from './window';

const bytes = (text: string) => new TextEncoder().encode(text);
const texts = (window: LogWindow) => window.lines.map(textOf);

describe('cutLines', () => {
  it('remembers when the lines came that were followed, each from its beginning', () => {
    const window = new LogWindow();
    window.reset(bytes('old\n'), 0);
    window.append(bytes('a'), 1000);
    window.append(bytes('b\nc\n'), 2000);
    expect(window.lines.map((line) => line.at)).toEqual([undefined, 1000, 2000]);
  });

  it('knows where every line is', () => {
    expect(cutLines(bytes('one\ntwo\n'), 100).map(({ offset, bytes: size }) => [offset, size])).toEqual([
      [100, 4],
      [104, 4],
    ]);
  });
  it('shows what carriage returns leave', () => {
    expect(cutLines(bytes('10%\r55%\r100%\nwindows\r\n'), 0).map(textOf)).toEqual(['100%', 'windows']);
  });
  it('cuts an endless line between characters', () => {
    const text = `a${'é'.repeat(LONGEST_LINE)}`;
    const pieces = cutLines(bytes(text), 0);
    expect(pieces.length).toBe(3);
    expect(pieces.map(textOf).join('')).toBe(text);
  });
  it('survives what is not UTF-8', () => {
    expect(cutLines(new Uint8Array([0x61, 0xff, 0x62, 0x0a]), 0).map(textOf)).toEqual(['a\ufffdb']);
  });
  it('slices across styles', () => {
    const [line] = cutLines(bytes('ab\x1b[31mcd\x1b[0mef'), 0);
    expect(sliceRuns(line?.runs ?? [], 1, 5).map((run) => run.text)).toEqual(['b', 'cd', 'e']);
  });
});

describe('LogWindow', () => {
  it('joins lines across parts', () => {
    const window = new LogWindow();
    window.reset(bytes('one\ntw'), 0);
    expect(texts(window)).toEqual(['one', 'tw']);
    window.append(bytes('o'));
    window.append(bytes('\nthree'));
    expect(texts(window)).toEqual(['one', 'two', 'three']);
    expect(window.end).toBe(13);
  });

  it('joins a character that was cut in two', () => {
    const window = new LogWindow();
    const [first, second] = [bytes('é').subarray(0, 1), bytes('é').subarray(1)];
    window.reset(first, 0);
    window.append(second);
    expect(texts(window)).toEqual(['é']);
  });

  it('leaves out a line whose beginning it has not seen', () => {
    const window = new LogWindow();
    window.reset(bytes('tail of one\ntwo\n'), 500);
    expect(texts(window)).toEqual(['two']);
    expect(window.begin).toBe(512);
  });

  it('grows at the beginning', () => {
    const window = new LogWindow();
    window.reset(bytes('o!\nthree\n'), 6);
    expect(window.begin).toBe(9);
    expect(window.prepend(bytes('one\ntwo!\n'))).toBe(2);
    expect(texts(window)).toEqual(['one', 'two!', 'three']);
    expect(window.begin).toBe(0);
  });

  it('lets go at the beginning what is too much', () => {
    const window = new LogWindow(20);
    window.reset(bytes('0123456789\n'), 0);
    expect(window.append(bytes('abcdefghi\n'))).toBe(1);
    expect(texts(window)).toEqual(['abcdefghi']);
    expect(window.begin).toBe(11);
  });

  it('lets go at the end what is too much, and can go on from there', () => {
    const window = new LogWindow(20);
    window.reset(bytes('x\nabcdefg\n0123456'), 20);
    window.prepend(bytes('x\nABCDEFGHIJ\n'));
    expect(texts(window)).toEqual(['ABCDEFGHIJ', 'abcdefg']);
    expect(window.end).toBe(window.begin + window.lines.reduce((sum, line) => sum + line.bytes, 0));
    const end = window.end;
    window.append(bytes('next\n'));
    expect(window.lines.at(-1)?.offset).toBe(end);
    expect(texts(window).at(-1)).toBe('next');
  });

  it('finds the line of a byte', () => {
    const window = new LogWindow();
    window.reset(bytes('one\ntwo\nthree\n'), 0);
    expect([0, 3, 4, 7, 8, 13, 14].map((offset) => window.indexAt(offset))).toEqual([0, 0, 1, 1, 2, 2, -1]);
  });
});
