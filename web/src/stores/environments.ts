import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import type { EnvironmentList, OperationProgress } from '@/api/environment';
import { listEnvironments, type Steps } from '@/api/environments';
import { sentenceOf } from '@/api/http';
import { useLive } from '@/live/useLive';
import { t } from '@/texts';
import { useNotices } from './notices';

/** Environments, and how far the long operations on them are. */
export const useEnvironments = defineStore('environments', () => {
  const notices = useNotices();
  const list = shallowRef<EnvironmentList | null>(null);
  const problem = ref('');
  const progress = shallowReactive(new Map<string, OperationProgress>());

  async function fetchAll(): Promise<void> {
    try {
      list.value = await listEnvironments();
      problem.value = '';
    } catch (failure) {
      problem.value = sentenceOf(failure);
    }
  }

  function note(step: OperationProgress): void {
    if (step.finished || step.error) progress.delete(step.environment);
    else progress.set(step.environment, step);
  }

  /** Follows an operation to its end and says how it went; true when it succeeded. Throws when it is refused. */
  async function follow(operation: Promise<Steps>): Promise<boolean> {
    let last: OperationProgress | null = null;
    for await (const step of await operation) {
      last = step;
      note(step);
    }
    await fetchAll();
    if (last?.finished && !last.error) {
      notices.say('good', t.environments.finished(last.operation, last.environment));
      return true;
    }
    notices.say('bad', last?.error || t.environments.brokeOff);
    return false;
  }

  useLive('hello', () => void fetchAll());
  useLive('environments', () => void fetchAll());
  useLive('progress', note);

  const all = computed(() => list.value?.environments ?? []);
  return { list, all, problem, progress, fetchAll, follow };
});
