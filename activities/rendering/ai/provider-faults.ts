// What a provider's refusals mean to us: by status and by documented codes, never by what is written for people, but for
// Replicate, which has nothing else.

import { imageProviders, type ImageProvider } from '../../../src/domain/image-providers.ts';
import { retryAfterMs } from '../../../src/webhooks/retry-after.ts';
import { RenderError, type RenderFault } from '../renderer.ts';
import type { Answer } from './bounded-fetch.ts';
import { at, listAt } from './json-path.ts';

/** What is the matter, and what an operator can do about it. */
const troubles = {
  busy: { fault: 'busy', says: 'is busy', advice: null },
  away: { fault: 'unavailable', says: 'is not available', advice: null },
  refusedKey: { fault: 'misconfigured', says: 'refused the key', advice: 'check KEY and the account that it is of' },
  unpaid: { fault: 'misconfigured', says: 'wants to be paid', advice: 'check the credit of the account of KEY' },
  unknownModel: {
    fault: 'misconfigured',
    says: 'does not know the model',
    advice: 'check AI_IMAGE_MODEL and AI_BASE_URL',
  },
  refusedRequest: {
    fault: 'misconfigured',
    says: 'does not take what we ask',
    advice: 'check that AI_IMAGE_MODEL makes pictures, and takes others beside the text',
  },
  movedAway: { fault: 'misconfigured', says: 'answers with a redirect', advice: 'check AI_BASE_URL' },
  rejected: { fault: 'rejected', says: 'will not draw this', advice: null },
  noPicture: { fault: 'unusable', says: 'gave no picture', advice: null },
} as const satisfies Record<string, { fault: RenderFault; says: string; advice: string | null }>;

type Trouble = keyof typeof troubles;

/** A trouble, and what the provider calls it. */
type Finding = readonly [Trouble, string | undefined];

/** What a provider says beside the status, or at odds with it; undefined where the status tells all. */
const findings: Record<ImageProvider, (answer: Answer) => Finding | undefined> = {
  openai: openaiFinding,
  'openai-compatible': openaiFinding,
  google: googleFinding,
  'black-forest-labs': bflFinding,
  fal: falFinding,
  replicate: replicateFinding,
};

/** The `error.code` of https://platform.openai.com/docs/guides/error-codes and of its image endpoints. */
const openaiCodes: Readonly<Record<string, Trouble>> = {
  moderation_blocked: 'rejected',
  content_policy_violation: 'rejected',
  insufficient_quota: 'unpaid', // with the status of "busy"
  billing_hard_limit_reached: 'unpaid',
  model_not_found: 'unknownModel',
  invalid_api_key: 'refusedKey',
};

function openaiFinding({ body }: Answer): Finding | undefined {
  const code = at(body, 'error', 'code');
  return findingBy(openaiCodes, code);
}

/** The `finishReason` and `blockReason` of https://ai.google.dev/api/generate-content that are refusals. */
const googleRefusals = /^(IMAGE_)?(SAFETY|PROHIBITED_CONTENT|RECITATION)$|^(BLOCKLIST|SPII)$/;

function googleFinding({ status, body }: Answer): Finding | undefined {
  if (status !== 200) {
    const details = listAt(body, 'error', 'details');
    if (details.some((detail) => at(detail, 'reason') === 'API_KEY_INVALID')) return ['refusedKey', 'API_KEY_INVALID'];
    return undefined;
  }
  const blocked = at(body, 'promptFeedback', 'blockReason');
  if (typeof blocked === 'string' && !blocked.endsWith('_UNSPECIFIED')) return ['rejected', codeIn(blocked)];
  const reason = at(body, 'candidates', 0, 'finishReason');
  if (typeof reason === 'string' && googleRefusals.test(reason)) return ['rejected', reason];
  const hasReason = listAt(body, 'predictions').some((one) => at(one, 'raiFilteredReason') !== undefined);
  return hasReason ? ['rejected', 'raiFilteredReason'] : undefined;
}

/** The response types of https://docs.bfl.ai/api_integration/errors, which come with status 200. */
const bflStatuses: Readonly<Record<string, Trouble>> = {
  'Request Moderated': 'rejected',
  'Content Moderated': 'rejected',
  'Task not found': 'away',
  Error: 'away',
  Failed: 'away',
};

function bflFinding({ body }: Answer): Finding | undefined {
  const status = at(body, 'status') ?? at(body, 'state');
  const isWithout = status === 'Ready' && typeof at(body, 'result', 'sample') !== 'string';
  return isWithout ? ['noPicture', status] : findingBy(bflStatuses, status);
}

/** The `type` of https://fal.ai/docs/documentation/model-apis/errors. */
const falTypes: Readonly<Record<string, Trouble>> = {
  content_policy_violation: 'rejected',
  no_media_generated: 'noPicture',
  downstream_service_error: 'away', // with status 400
};

function falFinding({ body }: Answer): Finding | undefined {
  // A picture that the checker found fault with is answered with status 200, and is black.
  const flags = [...listAt(body, 'has_nsfw_concepts'), ...listAt(body, 'nsfw_content_detected')];
  if (flags.includes(true)) return ['rejected', 'has_nsfw_concepts'];
  return listAt(body, 'detail')
    .map((detail) => findingBy(falTypes, at(detail, 'type')))
    .find((finding) => finding !== undefined);
}

/**
 * What models say in a failed prediction's `error` when they will not draw: "… flagged as sensitive. (E005)", "NSFW content
 * detected". https://replicate.com/docs/topics/predictions/lifecycle has a status for it, and no code.
 */
const sensitive = /\(E005\)|flagged as sensitive|\bNSFW\b/i;

function replicateFinding({ body }: Answer): Finding | undefined {
  const status = at(body, 'status');
  if (status === 'failed') {
    return sensitive.test(String(at(body, 'error'))) ? ['rejected', 'sensitive'] : ['away', status];
  }
  return status === 'canceled' || status === 'aborted' ? ['away', status] : undefined;
}

const byStatus: Readonly<Record<number, Trouble>> = {
  401: 'refusedKey',
  402: 'unpaid',
  403: 'refusedKey',
  404: 'unknownModel',
  408: 'away',
  429: 'busy',
};

function troubleOf({ status, method, isFromProvider }: Answer): Trouble | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status >= 500 || status === 429 || status === 408) return byStatus[status] ?? 'away';
  // Pictures are got, elsewhere and for a short time, and so is what becomes of a request.
  const isAboutUs = method === 'POST' || (isFromProvider && (status === 401 || status === 403));
  if (!isAboutUs) return 'noPicture';
  if (status >= 400) return byStatus[status] ?? 'refusedRequest';
  return status >= 300 ? 'movedAway' : 'away';
}

/** Gateways that did not wait for what is behind them. */
const gaveUpWaiting = [504, 524];

/** Says what keeps an answer from being a picture, or on the way to one; undefined where nothing does. */
export function faultOf(provider: ImageProvider, answer: Answer): RenderError | undefined {
  const finding = findings[provider](answer);
  const [trouble, code] = finding ?? [troubleOf(answer), codeIn(statusWordOf(answer.body))];
  if (trouble === undefined) return undefined;
  const { fault: direct, says, advice } = troubles[trouble];
  const isLater = direct === 'busy' || direct === 'unavailable';
  // What was ordered before, and cannot be got now, may have been drawn; so may what a gateway did not wait for.
  const fault = isLater && (answer.method !== 'POST' || gaveUpWaiting.includes(answer.status)) ? 'unanswered' : direct;
  const signs = [answer.status, code].filter((sign) => sign !== undefined).join(' ');
  const todo = advice === null ? '' : `: ${advice.replace('KEY', imageProviders[provider].keyVariable)}`;
  const request = codeIn(answer.headers.get('x-request-id') ?? answer.headers.get('x-fal-request-id'));
  return new RenderError(fault, `${provider} ${says} (${signs})${todo}`, {
    retryAfterMs: isLater ? waitOf(answer) : null,
    cause: new Error([`answered ${signs}`, ...(request === undefined ? [] : [`request ${request}`])].join(', ')),
  });
}

/** A word of the provider's own for an error that has no meaning of its own here. */
const statusWordOf = (body: unknown): unknown =>
  at(body, 'error', 'status') ?? at(body, 'error', 'code') ?? at(body, 'detail', 0, 'type');

/** Only what looks like a code is told: anything else may be about the person, or the key. */
const codeIn = (word: unknown): string | undefined =>
  typeof word === 'string' && /^[\w.-]{1,64}$/.test(word) ? word : undefined;

/** How long a provider asks to be left alone, in ms. */
function waitOf({ headers, body }: Answer): number | null {
  const inMs = Number(headers.get('retry-after-ms') ?? NaN);
  if (inMs >= 0) return inMs;
  const inHeader = retryAfterMs(headers.get('retry-after') ?? undefined, Date.now());
  if (inHeader !== null) return inHeader;
  // Google's google.rpc.RetryInfo: "34.07s".
  const delays = listAt(body, 'error', 'details').map((detail) => parseFloat(String(at(detail, 'retryDelay'))));
  const seconds = [at(body, 'retry_after'), ...delays].find((one) => Number(one) >= 0);
  return seconds === undefined ? null : Math.ceil(Number(seconds) * 1000);
}

const findingBy = (table: Readonly<Record<string, Trouble>>, code: unknown): Finding | undefined => {
  if (typeof code !== 'string' || !Object.hasOwn(table, code)) return undefined;
  const trouble = table[code];
  return trouble && [trouble, code];
};
