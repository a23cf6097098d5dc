import { defineStore } from 'pinia';
import { shallowRef } from 'vue';
import { sentenceOf } from '@/api/http';

export interface Notice {
  id: number;
  kind: 'good' | 'bad' | 'plain';
  text: string;
  link?: { to: string; text: string };
}

const MOST_SHOWN = 4;
const SHOWN_MS = 5000;
const BAD_SHOWN_MS = 10_000;

/** Short messages in the corner: what was done, or why it was not. */
export const useNotices = defineStore('notices', () => {
  const shown = shallowRef<Notice[]>([]);
  let lastId = 0;

  function dismiss(id: number): void {
    shown.value = shown.value.filter((notice) => notice.id !== id);
  }

  function say(kind: Notice['kind'], text: string, link?: Notice['link']): void {
    const notice = { id: ++lastId, kind, text, link };
    shown.value = [...shown.value, notice].slice(-MOST_SHOWN);
    setTimeout(() => dismiss(notice.id), kind === 'bad' ? BAD_SHOWN_MS : SHOWN_MS);
  }

  /** Runs an action and says how it went; true when it succeeded. */
  async function attempt(action: () => Promise<{ message: string }>): Promise<boolean> {
    try {
      say('good', (await action()).message);
      return true;
    } catch (failure) {
      say('bad', sentenceOf(failure));
      return false;
    }
  }

  return { shown, say, dismiss, attempt };
});
