import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/index.ts';
import type { AttemptOutcome, DeliveryRun } from '../src/domain/webhook.ts';
import { deliveryAttempt, deliveryJitter, deliveryRetriesMs } from './activity-options.ts';

const { attemptDelivery } = proxyActivities<WebhookActivities>(deliveryAttempt);

/** How a run of a delivery ended. */
type DeliveryEnd = NonNullable<AttemptOutcome['ended']>;

/** Delivers a webhook: tries on the schedule, or later where the receiver asks for it, until Postgres says that the run has ended. */
export async function webhookDelivery(delivery: DeliveryRun): Promise<DeliveryEnd> {
  for (let attempt = 1; ; attempt++) {
    const wait = deliveryRetriesMs[attempt - 1];
    const retryInMs = wait === undefined ? null : Math.round(wait * (1 + deliveryJitter * (2 * Math.random() - 1)));
    const outcome = await attemptDelivery.executeWithOptions(
      { ...deliveryAttempt, summary: `Attempt ${String(attempt)}` },
      [{ ...delivery, attempt, retryInMs }],
    );
    if (outcome.ended !== null) return outcome.ended;
    setCurrentDetails(
      `Attempt ${String(attempt)} failed; the next one is in ${String(Math.round(outcome.retryInMs / 1000))} s.`,
    );
    await sleep(outcome.retryInMs, { summary: `Before attempt ${String(attempt + 1)}` });
  }
}
