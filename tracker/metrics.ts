// What an operator watches, as Prometheus text.

export interface Metric {
  /** Without the prefix `sta_tracker_`; a counter's ends in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Read when it is asked for. */
  readonly value: () => number;
}

export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, value }) => {
      const full = `sta_tracker_${name}`;
      const type = name.endsWith("_total") ? "counter" : "gauge";
      return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${full} ${value()}\n`;
    })
    .join("");
}
