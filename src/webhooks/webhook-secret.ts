import { createHmac, randomBytes } from 'node:crypto';

/** Makes the bytes of a secret, as many as the specification has at the middle of what it allows. */
export const makeWebhookSecret = (): Buffer => randomBytes(32);

/** A secret as callers see it. */
export const webhookSecretText = (secret: Buffer): string => `whsec_${secret.toString('base64')}`;

interface Signed {
  /** The `webhook-id`. */
  id: string;
  /** In whole seconds. */
  timestamp: number;
  body: string;
}

/**
 * Signs a webhook with each secret
 * ([Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme)).
 */
export const webhookSignature = (secrets: readonly Buffer[], { id, timestamp, body }: Signed): string =>
  secrets
    .map((secret) =>
      createHmac('sha256', secret)
        .update(`${id}.${String(timestamp)}.${body}`)
        .digest('base64'),
    )
    .map((signature) => `v1,${signature}`)
    .join(' ');
