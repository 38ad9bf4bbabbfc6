import {
  giveUpDelivery,
  listOverdueDeliveries,
  restartDelivery,
  type OverdueDelivery,
} from '../db/delivery-dispatch.ts';
import { listEndpointsToSettle, settleHeldDeliveries } from '../db/held-deliveries.ts';
import type { Reconciliation } from './reconciliation.ts';
import { deliveryWorkflowId } from './start-delivery.ts';

const pageSize = 200;
const maxRestarts = 20;
/** For one endpoint in one pass; the next pass goes on. */
const maxBatches = 100;

/** Settles what endpoints hold that are paused no more, and begins deliveries anew whose workflow is gone. */
export async function reconcileDeliveries(by: Reconciliation): Promise<void> {
  await settleHeld(by);
  let after: OverdueDelivery | null = null;
  do {
    const page: OverdueDelivery[] = await listOverdueDeliveries(by.database, after, pageSize);
    await by.withEach(page, (delivery) => reconcileDelivery(by, delivery));
    after = page.length === pageSize ? (page.at(-1) ?? null) : null;
  } while (after !== null && !by.signal.aborted);
}

async function settleHeld(by: Reconciliation): Promise<void> {
  for (const endpoint of await listEndpointsToSettle(by.database)) {
    for (let batch = 0; batch < maxBatches && !by.signal.aborted; batch++) {
      const isMore = await by.database.transaction((trx) => settleHeldDeliveries(trx, endpoint));
      if (!isMore) break;
    }
  }
}

/** Where Temporal has lost the workflow, or an operator has terminated it. */
async function reconcileDelivery(by: Reconciliation, delivery: OverdueDelivery): Promise<void> {
  const { deliveryId, run, restarts } = delivery;
  const workflow = await by.lookAt(deliveryWorkflowId(delivery));
  if (workflow.status === 'RUNNING') return;
  const because = { deliveryId, run, workflow: workflow.status };
  if (restarts < maxRestarts) {
    by.log.warn(because, 'the workflow of a delivery is gone; it begins anew');
    await restartDelivery(by.database, delivery);
  } else {
    by.log.warn(because, 'the workflow of a delivery is gone again and again; it fails');
    await giveUpDelivery(by.database, delivery);
  }
}
