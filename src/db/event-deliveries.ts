// Deliveries are written with the event that they tell, in one statement: an event without its deliveries never is.

/** A new UUIDv7 ([RFC 9562, 5.7](https://www.rfc-editor.org/rfc/rfc9562#section-5.7)), which Postgres makes by itself from 18 on only. */
const newIdSql = `encode(
  set_bit(
    set_bit(
      overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1),
    53, 1),
  'hex')::uuid`;

/**
 * Writes a delivery of `event` for each endpoint that subscribes to it, and of the influencer that is ready with it: that one has
 * an id of its own, so that a receiver which knows events by their ids takes both. `moved` is the event's job. Endpoints are
 * shared with whoever else writes deliveries, and waited for where their status just changes.
 */
export const eventDeliveriesSql = `,
  listener as (
    select w.organization_id, w.id, w.status, w.events
    from moved m
    join webhook_endpoints w on w.organization_id = m.organization_id and w.environment = m.environment
    where w.deleted_at is null and w.status <> 'disabled' and (w.project_id is null or w.project_id = m.project_id)
    for key share of w
  ),
  delivery as (
    insert into webhook_deliveries (organization_id, id, webhook_endpoint_id, event_id, type, job_id, seq, status, next_attempt_at)
    select w.organization_id, ${newIdSql}, w.id, told.id, told.type, e.job_id, e.seq,
           case w.status when 'paused' then 'held' else 'pending' end, case when w.status <> 'paused' then now() end
    from event e, listener w, lateral (
      select e.type, e.id
      union all
      select 'influencer.ready', md5(e.id::text || 'influencer.ready')::uuid where e.type = 'job.completed'
    ) told (type, id)
    where told.type = any(w.events)
  )`;
