import { computed, onBeforeUnmount, ref, watch, type Ref } from 'vue';

const OVERSCAN = 8;

/**
 * Which rows of a long list are in sight, all of one height. The list is as tall as all of its rows; the shown ones
 * are moved to where they belong.
 */
export function useVirtualRows(
  box: Readonly<Ref<HTMLElement | null>>,
  count: Ref<number>,
  rowHeight: Ref<number>,
) {
  const top = ref(0);
  const height = ref(600);
  const sizes = new ResizeObserver(([entry]) => {
    if (entry) height.value = entry.contentRect.height;
  });

  function scrolled(): void {
    top.value = box.value?.scrollTop ?? 0;
  }

  watch(box, (now, before) => {
    if (before) sizes.unobserve(before);
    before?.removeEventListener('scroll', scrolled);
    if (now) sizes.observe(now);
    now?.addEventListener('scroll', scrolled, { passive: true });
  });
  onBeforeUnmount(() => sizes.disconnect());

  const first = computed(() => Math.max(0, Math.floor(top.value / rowHeight.value) - OVERSCAN));
  const last = computed(() =>
    Math.min(count.value, Math.ceil((top.value + height.value) / rowHeight.value) + OVERSCAN),
  );

  /** Moves the box so that row `index` is seen, by as little as it takes. */
  function reveal(index: number): void {
    const element = box.value;
    if (!element) return;
    const begin = index * rowHeight.value;
    const header = (element.firstElementChild as HTMLElement | null)?.dataset.sticky ? rowHeight.value : 0;
    if (begin < element.scrollTop) element.scrollTop = begin;
    const end = begin + rowHeight.value + header;
    if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight;
  }

  return {
    first,
    last,
    atTop: computed(() => top.value < rowHeight.value / 2),
    offset: computed(() => first.value * rowHeight.value),
    totalHeight: computed(() => count.value * rowHeight.value),
    reveal,
  };
}
