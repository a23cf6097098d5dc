import { onScopeDispose, ref, watch, type Ref } from 'vue';

/** Drawn a little before it comes into sight. */
const MARGIN = '200px';
const seen = new Map<Element, Ref<boolean>>();
let observer: IntersectionObserver | null = null;

function observerOf(): IntersectionObserver {
  return (observer ??= new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const shown = seen.get(target);
        if (shown) shown.value = isIntersecting;
      }
    },
    { rootMargin: MARGIN },
  ));
}

/** Whether an element is in sight: what is not need not be drawn every second. True until that is known. */
export function useInView(element: Readonly<Ref<Element | null>>): Readonly<Ref<boolean>> {
  const shown = ref(true);
  const forget = (old: Element | null | undefined): void => {
    if (!old) return;
    observerOf().unobserve(old);
    seen.delete(old);
  };
  watch(
    element,
    (now, old) => {
      forget(old);
      if (!now) return;
      seen.set(now, shown);
      observerOf().observe(now);
    },
    { immediate: true, flush: 'post' },
  );
  onScopeDispose(() => forget(element.value));
  return shown;
}
