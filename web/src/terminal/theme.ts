import type { ITheme } from '@xterm/xterm';
import { tokenColor } from '@/charts/colors';

/** The page's colours for the terminal; the sixteen named ones fit both themes. */
export function terminalTheme(host: Element): ITheme {
  const ground = tokenColor(host, 'surface');
  const ink = tokenColor(host, 'ink');
  const quiet = tokenColor(host, 'ink-3');
  return {
    background: ground,
    foreground: ink,
    cursor: tokenColor(host, 'accent'),
    cursorAccent: ground,
    selectionBackground: tokenColor(host, 'line-strong'),
    black: quiet,
    brightBlack: quiet,
    white: tokenColor(host, 'ink-2'),
    brightWhite: ink,
    red: tokenColor(host, 'bad'),
    brightRed: tokenColor(host, 'bad'),
    green: tokenColor(host, 'good'),
    brightGreen: tokenColor(host, 'good'),
    yellow: tokenColor(host, 'warn'),
    brightYellow: tokenColor(host, 'warn'),
    blue: tokenColor(host, 'accent'),
    brightBlue: tokenColor(host, 'accent-strong'),
    magenta: tokenColor(host, 'hold'),
    brightMagenta: tokenColor(host, 'hold'),
    cyan: tokenColor(host, 'accent'),
    brightCyan: tokenColor(host, 'accent-strong'),
  };
}
