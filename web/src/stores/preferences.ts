import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import { setLanguage, type Language } from '@/texts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];
const LANGUAGES: readonly Language[] = ['en', 'zh'];

const PREFIX = 'hakuriver.';

function recall(key: string): string {
  try {
    return localStorage.getItem(PREFIX + key) ?? '';
  } catch {
    return ''; // storage is forbidden in this browser
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value);
  } catch {
    // then it lasts as long as the page does
  }
}

const oneOf = <T extends string>(allowed: readonly T[], value: string, otherwise: T): T =>
  allowed.find((one) => one === value) ?? otherwise;

/** What this browser's user likes; kept in the browser. `public/theme.js` reads the theme before the first paint. */
export const usePreferences = defineStore('preferences', () => {
  const theme = ref(oneOf(THEMES, recall('theme'), 'system'));
  const language = ref(oneOf(LANGUAGES, recall('language'), 'en'));
  const user = ref(recall('user'));

  watch(theme, (value) => {
    remember('theme', value);
    if (value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  });
  watch(language, (value) => {
    remember('language', value);
    void setLanguage(value);
  });
  watch(user, (value) => remember('user', value));
  if (language.value !== 'en') void setLanguage(language.value);

  return { theme, language, user };
});
