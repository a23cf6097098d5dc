import type { Ring } from '@/stores/ring';

/** From these on a reading is drawn as busy and as full. Busy is what a cluster is for: no alarm colours. */
export const BUSY = 50;
export const FULL = 97;

export interface StripPaths {
  calm: string;
  busy: string;
  full: string;
  missing: string;
}

const BAR = 3;
const PITCH = 4;
const LEAST = 1.5;

/** One path per colour: bars of a ring of percentages in a box of `samples * 4` by 100. Newest at the right. */
export function stripPaths(ring: Ring, samples: number): StripPaths {
  const paths: StripPaths = { calm: '', busy: '', full: '', missing: '' };
  for (let slot = 0; slot < samples; slot++) {
    const index = slot - (samples - ring.size);
    const value = index < 0 ? NaN : ring.at(index);
    const height = Number.isNaN(value) ? LEAST : Math.max(LEAST, Math.min(100, value));
    paths[kindOf(value)] += `M${slot * PITCH} 100v-${height.toFixed(1)}h${BAR}v${height.toFixed(1)}z`;
  }
  return paths;
}

function kindOf(value: number): keyof StripPaths {
  if (Number.isNaN(value)) return 'missing';
  if (value >= FULL) return 'full';
  return value >= BUSY ? 'busy' : 'calm';
}

/** A line and the area under it, in a box of 100 by 100. Gaps where there was no reading. */
export function sparkPaths(ring: Ring, samples: number, top = 100): { line: string; area: string } {
  let line = '';
  let area = '';
  let begin = -1;
  const x = (index: number): number => ((index + samples - ring.size) / (samples - 1)) * 100;
  const y = (value: number): number => 98 - (Math.min(top, Math.max(0, value)) / top) * 94;
  for (let index = 0; index <= ring.size; index++) {
    const value = index < ring.size ? ring.at(index) : NaN;
    if (Number.isNaN(value)) {
      if (begin >= 0) area += `L${x(index - 1).toFixed(1)} 100L${x(begin).toFixed(1)} 100z`;
      begin = -1;
      continue;
    }
    const point = `${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    line += `${begin < 0 ? 'M' : 'L'}${point}`;
    area += `${begin < 0 ? 'M' : 'L'}${point}`;
    if (begin < 0) begin = index;
  }
  return { line, area };
}
