/**
 * The condition that rows are of one organization, for a query that reads the first of them, by `order by organization_id, …`. It is
 * written as a range because Postgres drops from the order what an equality fixes: `order by id` is then served as well by an index on
 * `id` alone, and where few organizations were counted, it is read through the rows of all others to find the first of this one.
 */
export const inOrganization = (organizationId: string): string =>
  `organization_id between ${organizationId} and ${organizationId}`;
