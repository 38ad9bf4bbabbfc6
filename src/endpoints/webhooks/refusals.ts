import type { WebhookEndpointRow } from '../../db/webhook-endpoints.ts';
import { ApiError, type ValidationIssue } from '../../domain/errors.ts';

/** For one that never was, is deleted, or is another organization's or environment's: nobody can tell which. */
export const webhookEndpointNotFound = (): ApiError => new ApiError('NOT_FOUND', 'Webhook endpoint not found.');

/** Like `webhookEndpointNotFound`; also for one whose endpoint is deleted. */
export const webhookDeliveryNotFound = (): ApiError => new ApiError('NOT_FOUND', 'Webhook delivery not found.');

/** Throws where an endpoint is sent nothing. */
export function requireEnabled({ status }: WebhookEndpointRow): void {
  if (status !== 'enabled') throw new ApiError('CONFLICT', `The webhook endpoint is ${status}: enable it first.`);
}

/** The issues of a URL that a caller sends. */
export function urlIssues(url: string | undefined, faultOf: (url: string) => string | null): ValidationIssue[] {
  const message = url === undefined ? null : faultOf(url);
  return message === null ? [] : [{ path: 'body.url', message, keyword: 'publicUrl' }];
}
