import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import { sentenceOf } from '@/api/http';
import type { LogStream } from '@/api/logs';
import { byteMatcher, searchLog, textMatcher } from './search';

const PAUSE_MS = 300;

/** Searches the whole file of the shown log while the words are typed. */
export function useLogSearch(log: () => { task: string; stream: LogStream; total: number }) {
  const text = ref('');
  const regex = ref(false);
  const hits = shallowRef<number[]>([]);
  const scanned = ref(0);
  const searching = ref(false);
  const problem = ref('');
  /** Index of the hit that is shown, or -1. */
  const at = ref(-1);
  let abort = new AbortController();
  let timer = 0;
  /** A step was asked for before there was a hit: it is taken when one is found. */
  const pending = ref(false);

  const matcher = computed(() => textMatcher({ text: text.value, regex: regex.value }));
  const invalid = computed(() => text.value !== '' && matcher.value === null);

  async function run(): Promise<void> {
    const pattern = byteMatcher({ text: text.value, regex: regex.value });
    if (!pattern) return;
    const { signal } = abort;
    searching.value = true;
    try {
      for await (const step of searchLog(log(), pattern, signal)) {
        hits.value = step.hits;
        scanned.value = step.scanned;
      }
    } catch (failure) {
      if (!signal.aborted) problem.value = sentenceOf(failure);
    }
    if (!signal.aborted) searching.value = false;
  }

  function stop(): void {
    abort.abort();
    clearTimeout(timer);
  }

  function restart(): void {
    stop();
    abort = new AbortController();
    hits.value = [];
    scanned.value = 0;
    searching.value = pending.value = false;
    problem.value = '';
    at.value = -1;
    timer = window.setTimeout(() => void run(), PAUSE_MS);
  }

  /** The offset of the next hit in a direction, around the ends; null without hits. */
  function step(direction: 1 | -1): number | null {
    const count = hits.value.length;
    pending.value = !count;
    if (!count) return null;
    at.value = neighbour(at.value, direction, count);
    return hits.value[at.value] ?? null;
  }

  watch([text, regex], restart);
  onScopeDispose(stop);
  const current = computed(() => hits.value[at.value] ?? null);
  return {
    text,
    regex,
    hits,
    scanned,
    searching,
    problem,
    invalid,
    matcher,
    at,
    current,
    pending,
    step,
    restart,
  };
}

/** The hit beside `at`, around the ends; before the first step the first or the last. */
function neighbour(at: number, direction: 1 | -1, count: number): number {
  if (at < 0) return direction > 0 ? 0 : count - 1;
  return (at + direction + count) % count;
}

export type LogSearch = ReturnType<typeof useLogSearch>;
