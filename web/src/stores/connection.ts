import { defineStore } from 'pinia';
import { ref } from 'vue';
import { live } from '@/live';
import { EventStream, type StreamState } from '@/live/stream';

/** Whether what the page shows is what is. */
export const useConnection = defineStore('connection', () => {
  const state = ref<StreamState>('connecting');
  const retryAt = ref<number | null>(null);
  /** False until the first hello: nothing is stale before there was anything. */
  const everLive = ref(false);

  const stream = new EventStream(live, (next, at) => {
    // The pause between two attempts is one outage to the reader: only success ends it.
    if (next === 'connecting' && state.value === 'lost') return;
    state.value = next;
    retryAt.value = at;
    if (next === 'live') everLive.value = true;
  });

  return {
    state,
    retryAt,
    everLive,
    start: () => stream.start(),
    reconnectNow: () => stream.reconnectNow(),
  };
});
