import { ref, type Ref } from 'vue';
import { live } from '@/live';

const now = ref(Date.now());
/** Without news for this long the time goes on by itself; longer than news is held back, see live/pace.ts. */
const LATE_MS = 3500;
let timer = 0;

function tick(): void {
  clearTimeout(timer);
  if (document.hidden) return;
  now.value = Date.now();
  timer = window.setTimeout(tick, LATE_MS);
}

/**
 * The time, about once a second while the page is used; one for all ages and durations. It goes on with the Host's
 * sample of the second, so that both are drawn at once.
 */
export function useNow(): Readonly<Ref<number>> {
  if (!timer) {
    document.addEventListener('visibilitychange', tick);
    live.on('health', tick);
    tick();
  }
  return now;
}
