import { shallowReactive } from 'vue';
import { en } from './en';

export type Texts = typeof en;

/** All words of the page, as properties: `t.tasks.title`, and functions where something is filled in. */
export const t: Texts = shallowReactive({ ...en });

export type Language = 'en' | 'zh';

/** Chinese is fetched only when it is wanted. */
export async function setLanguage(language: Language): Promise<void> {
  const texts = language === 'zh' ? (await import('./zh')).zh : en;
  Object.assign(t, texts);
  document.documentElement.lang = language === 'zh' ? 'zh-Hans' : 'en';
}
