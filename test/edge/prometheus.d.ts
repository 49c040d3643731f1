// The parser of Prometheus' text format comes without types.

declare module 'parse-prometheus-text-format' {
  export default function parsePrometheusTextFormat(text: string): unknown
}
