import { onScopeDispose } from 'vue';

/** Keys to actions: "/" and "?" as typed, "g t" for one after the other. */
export type Shortcuts = Record<string, () => void>;

const SEQUENCE_MS = 1200;

const TAKES_TEXT =
  'textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button])';

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.matches(TAKES_TEXT);

/** Listens for as long as the calling component lives; never while the user types or a dialog is open. */
export function useShortcuts(shortcuts: Shortcuts): void {
  let first = '';
  let firstAt = 0;

  function pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    const sequence = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${event.key}` : '';
    const action = shortcuts[sequence] ?? shortcuts[event.key];
    first = event.key;
    firstAt = event.timeStamp;
    if (!action) return;
    event.preventDefault();
    first = '';
    action();
  }

  window.addEventListener('keydown', pressed);
  onScopeDispose(() => window.removeEventListener('keydown', pressed));
}
