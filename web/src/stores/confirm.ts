import { defineStore } from 'pinia';
import { shallowRef } from 'vue';

export interface Question {
  title: string;
  text: string;
  /** Shown in a monospaced box: what exactly it is about. */
  subject?: string;
  confirm: string;
  dangerous?: boolean;
}

/** One question at a time; answered by ConfirmDialog. */
export const useConfirm = defineStore('confirm', () => {
  const question = shallowRef<Question | null>(null);
  let resolve: (answer: boolean) => void = () => undefined;

  function ask(next: Question): Promise<boolean> {
    resolve(false);
    question.value = next;
    return new Promise((answer) => (resolve = answer));
  }

  function answer(yes: boolean): void {
    question.value = null;
    resolve(yes);
  }

  return { question, ask, answer };
});
