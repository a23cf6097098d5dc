/** An hour that the fake cluster never lived: backwards from its first sample, a step for every ten seconds. */

const STEPS = 360;

export function makeHour(first, random) {
  const hour = [first];
  while (hour.length < STEPS) hour.unshift(before(hour[0], random));
  return hour;
}

function before(sample, random) {
  const step = (value, by, low, high) =>
    value === null || value < 0 ? value : Math.min(high, Math.max(low, value + random.between(-by, by)));
  return {
    ...sample,
    avgCpuPercent: step(sample.avgCpuPercent, 4, 5, 95),
    avgMemPercent: step(sample.avgMemPercent, 1.2, 10, 85),
    avgGpuPercent: step(sample.avgGpuPercent, 5, 5, 98),
    maxAvgCpuTemp: step(sample.maxAvgCpuTemp, 1, 38, 80),
    maxMaxCpuTemp: step(sample.maxMaxCpuTemp, 1, 40, 84),
  };
}
