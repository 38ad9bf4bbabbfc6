import { webhookLimits } from '../domain/webhook.ts';
import { query, type Trx } from './database.ts';

/**
 * Forgets some deliveries that ended, or are held for a pause, and are older than 30 days, with their attempts; gives how many.
 * What is held and about to be released stays.
 */
export async function forgetWebhookDeliveries(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `delete from webhook_deliveries where (organization_id, id) in (
       select d.organization_id, d.id from webhook_deliveries d
       where d.status <> 'pending' and d.created_at < now() - make_interval(days => :keptDays)
         and (d.status <> 'held' or exists (
           select from webhook_endpoints w
           where w.organization_id = d.organization_id and w.id = d.webhook_endpoint_id and w.status = 'paused'))
       order by d.created_at limit :limit for update skip locked
     )
     returning id`,
    { limit, keptDays: webhookLimits.keptDays },
  );
  return rows.length;
}

/** Forgets some secrets that were rotated and sign no more, and gives how many. */
export async function forgetRotatedSecrets(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `update webhook_endpoints set previous_secret = null, previous_secret_until = null
     where (organization_id, id) in (
       select organization_id, id from webhook_endpoints
       where previous_secret_until < now() order by previous_secret_until limit :limit for update skip locked
     )
     returning id`,
    { limit },
  );
  return rows.length;
}

/** Forgets some deleted endpoints whose deliveries are forgotten, and gives how many. */
export async function forgetWebhookEndpoints(trx: Trx, limit: number): Promise<number> {
  const rows = await query(
    trx,
    `delete from webhook_endpoints where (organization_id, id) in (
       select organization_id, id from webhook_endpoints w
       where deleted_at < now() - make_interval(days => :keptDays)
         and not exists (
           select from webhook_deliveries d where d.organization_id = w.organization_id and d.webhook_endpoint_id = w.id)
       order by deleted_at limit :limit for update skip locked
     )
     returning id`,
    { limit, keptDays: webhookLimits.keptDays },
  );
  return rows.length;
}
