/** Command lines to words and back, by the rules of a POSIX shell without expansions: nothing is run here. */

export type Words = { ok: true; words: string[] } | { ok: false; problem: 'quote' | 'escape' };

type Mode = 'plain' | 'single' | 'double';

interface State {
  mode: Mode;
  word: string;
  /** A word has begun, even if it is still empty: '' is a word. */
  begun: boolean;
  words: string[];
}

/** Splits at blanks; understands '…', "…" and backslashes. Variables, globs and pipes stay as they are typed. */
export function splitWords(text: string): Words {
  const state: State = { mode: 'plain', word: '', begun: false, words: [] };
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\' && state.mode !== 'single') {
      if (at + 1 >= text.length) return { ok: false, problem: 'escape' };
      escaped(state, text.charAt(++at));
    } else take(state, char);
  }
  if (state.mode !== 'plain') return { ok: false, problem: 'quote' };
  endWord(state);
  return { ok: true, words: state.words };
}

function escaped(state: State, char: string): void {
  const literal = state.mode === 'plain' || '"\\$`'.includes(char);
  if (char === '\n') return; // a continued line
  state.begun = true;
  state.word += literal ? char : `\\${char}`;
}

function take(state: State, char: string): void {
  const quote = state.mode === 'single' ? "'" : '"';
  if (state.mode !== 'plain') {
    if (char === quote) state.mode = 'plain';
    else state.word += char;
  } else if (char === "'" || char === '"') {
    state.mode = char === "'" ? 'single' : 'double';
    state.begun = true;
  } else if (/\s/.test(char)) endWord(state);
  else {
    state.word += char;
    state.begun = true;
  }
}

function endWord(state: State): void {
  if (state.begun) state.words.push(state.word);
  state.word = '';
  state.begun = false;
}
