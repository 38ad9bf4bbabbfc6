import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Context, Next } from 'koa';
import { routeOf } from './route.ts';

/**
 * Makes a span of each request, within the caller's where it names one by `traceparent`, by
 * [OpenTelemetry's conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/). Nothing of what callers send is in it.
 */
export async function tracing(ctx: Context, next: Next): Promise<void> {
  const tracer = trace.getTracer('doppel');
  const callers = propagation.extract(context.active(), ctx.headers);
  await context.with(callers, () =>
    tracer.startActiveSpan(ctx.method, { kind: SpanKind.SERVER }, async (span) => {
      try {
        await next();
      } finally {
        const route = routeOf(ctx);
        if (route !== null) span.updateName(`${ctx.method} ${route}`);
        span.setAttributes({
          'http.request.method': ctx.method,
          'http.response.status_code': ctx.status,
          ...(route === null ? {} : { 'http.route': route }),
          'doppel.request_id': ctx.state.requestId,
        });
        if (ctx.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      }
    }),
  );
}
