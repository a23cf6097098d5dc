/** Enough of the sweep grammar for the fake Host: whole numbers and lists. */

const SPAN = /span:(?:\{(-?\d+)\.\.(-?\d+)\}|\[([^\]]*)\])/;

function valuesOf([, low, high, list]) {
  if (list !== undefined) return list.split(',').map((item) => item.trim());
  return Array.from({ length: Number(high) - Number(low) + 1 }, (_, index) => String(Number(low) + index));
}

/** All argument lists, the last span fastest. */
export function expandSweep(words) {
  const at = words.findIndex((word) => SPAN.test(word));
  if (at < 0) return [words];
  return valuesOf(SPAN.exec(words[at])).flatMap((value) =>
    expandSweep(
      words.with(
        at,
        words[at].replace(SPAN, () => value),
      ),
    ),
  );
}
