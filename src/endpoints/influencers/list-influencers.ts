import { listInfluencers as influencersOf } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { visibleStatuses } from '../../domain/influencer.ts';
import { pageOf } from '../../http/cursors.ts';
import { defineEndpoint } from '../../http/define-endpoint.ts';
import { influencerPage, influencersQuery } from '../../schemas/influencer.ts';
import type { Deps } from '../deps.ts';
import { influencerListItem } from './influencer-record.ts';

export const listInfluencers = defineEndpoint<Deps>()({
  method: 'get',
  path: '/v1/projects/:projectId/influencers',
  operationId: 'listInfluencers',
  tag: 'Influencers',
  summary: 'List influencers',
  description: `Gives a project's influencers, the newest first, each in short. A page goes on where \`nextCursor\` of the one before
says, and loses or repeats nothing while others are made; a cursor is good for the filters that it came with, and for any \`limit\`.`,
  scope: 'influencers:read',
  rateClass: 'read-light',
  query: influencersQuery,
  replies: { 200: { description: 'A page of influencers.', schema: influencerPage } },
  errors: ['NOT_FOUND'],
  async handle({ principal, params, query }, { database, cursors, urls, now }) {
    const { organizationId, environment } = principal;
    const project = { organizationId, environment, id: params.projectId };
    const filters = {
      statuses: [...new Set(query.status ?? visibleStatuses)].sort(),
      sourceId: query.clonedFrom === undefined ? null : parseId('influencer', query.clonedFrom),
    };
    const list = { of: 'influencers', ...project, ...filters };
    const rows = await influencersOf(database, project, {
      ...filters,
      after: cursors.read(list, query.cursor),
      limit: query.limit + 1,
    });
    if (rows === undefined) throw new ApiError('NOT_FOUND', 'Project not found.');
    const signing = { urls, now: now() };
    return {
      status: 200,
      body: pageOf(rows, {
        limit: query.limit,
        itemOf: (row) => influencerListItem(row, signing),
        cursorOf: ({ createdAt, id }) => cursors.after(list, { at: createdAt, id }),
      }),
    };
  },
});
