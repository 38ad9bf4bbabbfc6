import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { setTimeout as delay } from 'node:timers/promises';
import { imageProviders, type ImageProvider } from '../../../src/domain/image-providers.ts';
import { RenderError } from '../renderer.ts';
import { boundedFetch, type Fetch } from './bounded-fetch.ts';
import { adapters, type Adapter } from './image-adapters.ts';
import type { ImageModel } from './image-model.ts';
import { faultOf } from './provider-faults.ts';
import { maxReferencesOf } from './reference-limits.ts';
import { withinTime } from './time-limit.ts';

export interface ImageModelSettings {
  provider: ImageProvider;
  model: string;
  apiKey: string | null;
  /** Another place than the provider's usual one. */
  baseUrl: string | null;
}

interface Bounds {
  /** Of one picture: asking, waiting and fetching it. */
  timeLimitMs?: number;
  /** Of one answer. */
  maxBytes?: number;
  pollIntervalMs?: number;
  fetch?: Fetch;
}

/** How long one picture may take: less than the activity that draws it has. */
export const imageTimeLimitMs = 3 * 60_000;

/**
 * Opens an image model, and loads the package of its provider alone. What it throws, now and for each picture, is a
 * `RenderError` whose message and cause hold neither the key nor what was asked.
 */
export async function openImageModel(
  { provider, model, apiKey, baseUrl }: ImageModelSettings,
  { timeLimitMs = imageTimeLimitMs, maxBytes = 24 * 1024 * 1024, pollIntervalMs = 1_000, ...bounds }: Bounds = {},
): Promise<ImageModel> {
  const { keyVariable, needsKey, baseUrl: usualUrl } = imageProviders[provider];
  const baseURL = (baseUrl ?? usualUrl)?.replace(/\/+$/, '');
  if (baseURL === undefined) throw new RenderError('misconfigured', `${provider} has no address: set AI_BASE_URL`);
  if (needsKey && apiKey === null) throw new RenderError('misconfigured', `${provider} has no key: set ${keyVariable}`);

  // Its warnings go to the console, which is no place for them; a test looks that there are none.
  globalThis.AI_SDK_LOG_WARNINGS ??= false;
  const { AISDKError, generateImage } = await import('ai');
  const adapter: Adapter = adapters[provider];
  const models = await adapter.connect({
    apiKey: apiKey ?? '',
    baseURL,
    pollIntervalMillis: pollIntervalMs,
    pollTimeoutMillis: timeLimitMs,
    fetch: boundedFetch({
      provider,
      baseUrl: baseURL,
      isTrusted: trustOf(adapter, baseURL),
      maxBytes,
      repeatMs: pollIntervalMs,
      fetch: bounds.fetch ?? globalThis.fetch,
      async settle(answer, ask, signal) {
        for (let current = answer; ;) {
          const fault = faultOf(provider, current);
          if (fault !== undefined) throw fault;
          const next = adapter.unfinished?.(current.body);
          if (next === undefined) return current;
          await delay(pollIntervalMs, undefined, { signal });
          current = await ask(next);
        }
      },
    }),
  });
  const maxReferences = maxReferencesOf(provider, model);

  const renderErrorOf = (error: unknown): RenderError => {
    if (error instanceof RenderError) return error;
    // What was wrong with an answer was told before the package saw it: what it minds is that there is no picture in it.
    const isAboutAnswer = AISDKError.isInstance(error) || error instanceof DOMException;
    const name = error instanceof Error ? error.name : typeof error;
    return isAboutAnswer
      ? new RenderError('unusable', `${provider} gave no picture`, { cause: new Error(name) })
      : new RenderError('unanswered', `${provider} failed in a way that is not known`, { cause: new Error(name) });
  };

  return {
    name: `${provider}/${model}`,
    maxReferences,
    async generate(order, signal) {
      const wanted = { ...order, references: order.references.slice(0, maxReferences) };
      const endpoint = adapter.endpoint?.(model, wanted.references.length > 0) ?? model;
      const late = () => new RenderError('unanswered', `${provider} gave no picture in ${String(timeLimitMs)} ms`);
      return inSpan({ provider, model }, async () => {
        try {
          return await withinTime(timeLimitMs, signal, late, async (abortSignal) => {
            const request = adapter.request(model, wanted);
            const { image } = await generateImage({
              ...request,
              model: models(endpoint),
              n: 1,
              maxRetries: 0, // Temporal tries again
              abortSignal,
            });
            return image.uint8Array;
          });
        } catch (error) {
          signal.throwIfAborted();
          throw renderErrorOf(error);
        }
      });
    },
  };
}

/**
 * Makes a span of what a model is asked, by [OpenTelemetry's conventions](https://opentelemetry.io/docs/specs/semconv/gen-ai): which one,
 * and what went wrong by its kind; never what for, or what it said.
 */
const inSpan = <Result>(
  { provider, model }: Pick<ImageModelSettings, 'provider' | 'model'>,
  ask: () => Promise<Result>,
): Promise<Result> =>
  trace
    .getTracer('doppel')
    .startActiveSpan(
      `generate_image ${model}`,
      { kind: SpanKind.CLIENT, attributes: { 'gen_ai.provider.name': provider, 'gen_ai.request.model': model } },
      async (span) => {
        try {
          return await ask();
        } catch (error) {
          span.setAttribute('error.type', error instanceof RenderError ? error.fault : 'aborted');
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      },
    );

/** A provider's other hosts are its own only as long as it is what is asked, and not something that stands in for it. */
function trustOf({ hosts }: Adapter, baseUrl: string): (url: URL) => boolean {
  const isOne = ({ protocol, hostname }: URL) => protocol === 'https:' && hosts?.test(hostname) === true;
  return (url) => isOne(new URL(baseUrl)) && isOne(url);
}
