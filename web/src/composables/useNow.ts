import { ref, type Ref } from 'vue';

const now = ref(Date.now());
let timer = 0;

function run(): void {
  clearInterval(timer);
  if (document.hidden) return;
  now.value = Date.now();
  timer = window.setInterval(() => (now.value = Date.now()), 1000);
}

/** The time, once a second while the page is seen; one timer for all ages and durations. */
export function useNow(): Readonly<Ref<number>> {
  if (!timer) {
    document.addEventListener('visibilitychange', run);
    run();
  }
  return now;
}
