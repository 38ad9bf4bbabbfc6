/**
 * Which organizations have rows of a table that a partial index on `organization_id` holds, as the recursive query
 * `waiting (organization_id)`. The index is read from one organization to the next: "distinct" would read all of it.
 */
export const waitingOrganizationsSql = (table: string, condition: string): string => `
  waiting (organization_id) as (
    (select organization_id from ${table} where ${condition} order by organization_id limit 1)
    union all
    select (select organization_id from ${table}
            where ${condition} and organization_id > w.organization_id order by organization_id limit 1)
    from waiting w where w.organization_id is not null
  )`;
