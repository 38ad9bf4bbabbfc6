// Traces for OpenTelemetry, from a request through its workflow to each activity and each call of a provider. Loaded only where
// OTEL_EXPORTER_OTLP_ENDPOINT says where they go; the exporter reads that and the other standard variables itself.

import { context, propagation, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';

export interface Tracing {
  /** For Temporal's clients and workers. */
  plugin: OpenTelemetryPlugin;
  /** Sends what is left. */
  close: () => Promise<void>;
}

/** Begins to trace this process, as `service`. Once per process. */
export function startTracing(
  service: string,
  spanProcessor: SpanProcessor = new BatchSpanProcessor(new OTLPTraceExporter()),
): Tracing {
  const resource = new Resource({ 'service.name': service });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [spanProcessor] });
  provider.register(); // with the context of async calls, and W3C's traceparent
  return {
    plugin: new OpenTelemetryPlugin({ resource, spanProcessor }),
    async close() {
      await provider.shutdown();
      for (const one of [trace, context, propagation]) one.disable();
    },
  };
}
