import Type, { type Static } from 'typebox';
import { errorCodes, type ErrorCode } from '../domain/errors.ts';
import { jobKinds, jobStages, jobStatuses, waitingReasons } from '../domain/job.ts';
import { shots, shotStatuses } from '../domain/shots.ts';
import { referenceImage } from './influencer.ts';
import { pageOf, pageQuery } from './list.ts';
import { idInput, idOutput, nullable, strict, time } from './text.ts';

const jobId = idOutput('job_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The job.');
const influencerId = idOutput('inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The influencer that it makes.');
const projectId = idOutput('prj_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Its project.');
const kind = Type.Enum([...jobKinds]);
const status = Type.Enum([...jobStatuses], {
  description: '`running`, then one of the others for ever, but for a retry, which is your own act.',
});
const stage = nullable(Type.Enum([...jobStages], { description: 'Null once the job has ended.' }));
const locationUrl = Type.String({
  description: 'Where to read the job.',
  examples: ['/v1/jobs/job_01JMB9G3W6X5Q2R8T4V7Y0Z1AB'],
});
const startedAt = time('When the job was accepted.');
const errorCode = Type.Enum(Object.keys(errorCodes) as ErrorCode[]);

export const jobEnvelope = Type.Object(
  { jobId, kind, status, stage, influencerId, projectId, locationUrl, startedAt },
  { ...strict, title: 'JobEnvelope' },
);
export type JobEnvelope = Static<typeof jobEnvelope>;

export const acceptedCancellation = Type.Object(
  { jobId, accepted: Type.Literal(true) },
  { ...strict, title: 'AcceptedCancellation' },
);
export const refusedCancellation = Type.Object(
  {
    jobId,
    accepted: Type.Literal(false),
    reason: Type.Literal('ALREADY_COMPLETED', { description: 'It has ended, whichever way.' }),
  },
  { ...strict, title: 'RefusedCancellation' },
);
export type Cancellation = Static<typeof acceptedCancellation> | Static<typeof refusedCancellation>;

const publicError = Type.Object({ code: errorCode, message: Type.String() }, strict);

const jobImage = Type.Object(
  {
    shot: Type.Enum([...shots]),
    status: Type.Enum([...shotStatuses]),
    assetId: nullable(idOutput('ast_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The image, once it is rendered.')),
    url: nullable(Type.String({ format: 'uri' })),
    thumbnailUrl: nullable(Type.String({ format: 'uri' })),
    error: nullable(publicError),
  },
  strict,
);

const waiting = Type.Object(
  {
    reason: Type.Enum([...waitingReasons]),
    since: time('Since when nothing moves.'),
    attempt: Type.Optional(Type.Integer({ description: 'How often the step was tried.' })),
    nextAttemptAt: Type.Optional(time('When it is tried again.')),
    error: Type.Optional(publicError),
  },
  strict,
);

const summary = {
  jobId,
  kind,
  status,
  stage,
  progress: Type.Number({ minimum: 0, maximum: 1, description: 'Never goes back within an attempt.' }),
  attempt: Type.Integer({ minimum: 1 }),
  influencerId,
  projectId,
  locationUrl,
  startedAt,
  updatedAt: time('When it last changed.'),
  finishedAt: nullable(time('When it ended.')),
};

const jobError = nullable(
  Type.Object(
    {
      code: errorCode,
      message: Type.String(),
      retryable: Type.Boolean({ description: 'Whether a retry can succeed.' }),
      details: nullable(Type.Record(Type.String(), Type.Unknown())),
    },
    { ...strict, description: 'Why it is `failed`.' },
  ),
);

export const job = Type.Object(
  {
    ...summary,
    images: Type.Object(
      {
        total: Type.Integer(),
        rendered: Type.Integer(),
        failed: Type.Integer(),
        items: Type.Array(jobImage, { description: 'Each image is here as soon as it is rendered.' }),
      },
      strict,
    ),
    waiting: nullable(waiting),
    eta: nullable(time('When it should be done, from how long others took; null when there is no basis.')),
    result: nullable(
      Type.Object(
        {
          influencerId,
          referenceImages: Type.Array(referenceImage, {
            description:
              "The influencer's set as it was when the job completed, without uploaded images that were taken out of it since and removed for good.",
          }),
        },
        strict,
      ),
    ),
    error: jobError,
    links: Type.Optional(
      Type.Object(
        { temporal: Type.String({ format: 'uri', description: 'Its workflow in Temporal’s UI.' }) },
        { ...strict, description: 'For keys with the scope `org:admin`, where the operator has it configured.' },
      ),
    ),
  },
  { ...strict, title: 'Job' },
);
export type Job = Static<typeof job>;

export const jobsQuery = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.Enum([...jobStatuses]), {
        maxItems: jobStatuses.length,
        description: 'Only these; may be repeated.',
      }),
    ),
    kind: Type.Optional(kind),
    projectId: Type.Optional(idInput('project', 'Only jobs of this project.')),
    influencerId: Type.Optional(idInput('influencer', 'Only jobs of this influencer, which may be deleted since.')),
    ...pageQuery(100),
  },
  strict,
);

/** What Postgres knows of a job: why nothing moves and when it is done is asked of one job at a time. */
export const jobPage = pageOf(
  Type.Object({ ...summary, error: jobError }, { ...strict, title: 'JobListItem' }),
  'JobPage',
);
export type JobListItem = Static<typeof jobPage>['items'][number];
