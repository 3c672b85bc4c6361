// Charts of the console: only the parts of ECharts that are drawn, in the colours of the tokens.
import { init, use } from 'echarts/core';
import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

const charts = new Map();

function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function options({ labels, series, kind, description }) {
  const text = token('--mp-text-3');
  const line = token('--mp-line');
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  return {
    animation: !still,
    animationDuration: 180,
    aria: { enabled: true, label: { description } },
    textStyle: { fontFamily: token('--mp-font'), fontSize: 12, color: text },
    grid: { left: 8, right: 12, top: 12, bottom: 34, containLabel: true },
    legend: { bottom: 0, left: 0, icon: 'roundRect', itemWidth: 10, itemHeight: 10, itemGap: 16, textStyle: { color: token('--mp-text-2') }, inactiveColor: token('--mp-line-control') },
    tooltip: {
      trigger: 'axis', confine: true, backgroundColor: token('--mp-raised'), borderColor: line, textStyle: { color: token('--mp-text'), fontSize: 13 },
      axisPointer: { type: kind === 'bar' ? 'shadow' : 'line', lineStyle: { color: token('--mp-line-control') }, shadowStyle: { color: token('--mp-hover'), opacity: .6 } },
    },
    xAxis: { type: 'category', data: labels, axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, axisLabel: { color: text, hideOverlap: true } },
    yAxis: { type: 'value', minInterval: 1, splitLine: { lineStyle: { color: line } }, axisLabel: { color: text } },
    series: series.map(one => ({
      name: one.name, type: kind === 'bar' ? 'bar' : 'line', stack: kind === 'bar' ? 'all' : undefined, data: one.values,
      barMaxWidth: 22, showSymbol: false, lineStyle: { width: 2 }, color: token(one.colour), emphasis: { focus: 'series' },
    })),
  };
}

/** Draws or redraws a chart in an element; data: { labels, series: [{ name, values, colour }], kind, description }. */
export function draw(element, data) {
  let entry = charts.get(element);
  if (!entry) {
    const chart = init(element, null, { renderer: 'svg' });
    const sized = new ResizeObserver(() => chart.resize());
    sized.observe(element);
    const themed = () => entry.chart.setOption(options(entry.data), true);
    window.addEventListener('mp-theme', themed);
    entry = { chart, sized, themed };
    charts.set(element, entry);
  }
  entry.data = data;
  entry.chart.setOption(options(data), true);
}

export function remove(element) {
  const entry = charts.get(element);
  if (!entry) return;
  entry.sized.disconnect();
  window.removeEventListener('mp-theme', entry.themed);
  entry.chart.dispose();
  charts.delete(element);
}
