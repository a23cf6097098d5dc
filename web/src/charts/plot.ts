import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { tokenColor } from './colors';

export interface Series {
  label: string;
  /** Name of a colour token. */
  token: string;
  unit: string;
}

const MONO = "500 11px 'Geist', system-ui, sans-serif";

/** A line chart over "seconds ago". Redraw with `setData`; destroy and make anew when colours or size rules change. */
export function makePlot(
  host: HTMLElement,
  series: Series[],
  range: { span: number; top: number | null; ago: (seconds: number) => string },
): uPlot {
  const ink = tokenColor(host, 'ink-3');
  const grid = { stroke: tokenColor(host, 'line'), width: 1 };
  const axis = { stroke: ink, font: MONO, grid, ticks: { show: false } };
  const options: uPlot.Options = {
    width: host.clientWidth,
    height: host.clientHeight,
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: () => [-range.span, 0] },
      y: { range: (_plot, _low, high) => [0, range.top ?? Math.max(60, Math.ceil(high / 20) * 20)] },
    },
    axes: [
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => range.ago(-tick)), size: 26 },
      { ...axis, values: (_plot, ticks) => ticks.map((tick) => `${tick}${series[0]?.unit ?? ''}`), size: 46 },
    ],
    series: [{}, ...series.map((one) => seriesOptions(host, one))],
  };
  return new uPlot(options, [[], ...series.map(() => [])], host);
}

function seriesOptions(host: HTMLElement, { label, token }: Series): uPlot.Series {
  const stroke = tokenColor(host, token);
  return {
    label,
    stroke,
    width: 1.8,
    fill: stroke.replace('rgb(', 'rgba(').replace(')', ', 0.07)'),
    points: { show: false },
    spanGaps: false,
  };
}
