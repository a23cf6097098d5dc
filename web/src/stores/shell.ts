import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { TaskView } from '@/api/task';

/** Dialogs that any page can open. */
export const useShell = defineStore('shell', () => {
  const helpOpen = ref(false);
  const submitOpen = ref(false);
  /** The task whose fields a new submission starts from: "same again". */
  const submitLike = shallowRef<TaskView | null>(null);

  function openSubmit(like: TaskView | null = null): void {
    submitLike.value = like;
    submitOpen.value = true;
  }

  return { helpOpen, submitOpen, submitLike, openSubmit };
});
