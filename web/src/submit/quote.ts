const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as a POSIX shell reads it back unchanged. */
export const quoteWord = (word: string): string =>
  PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

export const quoteWords = (words: readonly string[]): string => words.map(quoteWord).join(' ');
