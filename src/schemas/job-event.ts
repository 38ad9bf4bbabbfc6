import Type from 'typebox';
import { errorCodes, type ErrorCode } from '../domain/errors.ts';
import { jobEventTypes, jobStages, jobStatuses } from '../domain/job.ts';
import type { JobEvent } from '../domain/job-event.ts';
import { shots } from '../domain/shots.ts';
import { idOutput, nullable, strict, time } from './text.ts';

const error = Type.Object(
  {
    code: Type.Enum(Object.keys(errorCodes) as ErrorCode[]),
    message: Type.String(),
    retryable: Type.Optional(Type.Boolean()),
    details: Type.Optional(nullable(Type.Record(Type.String(), Type.Unknown()))),
  },
  { ...strict, description: 'Why the shot, or the job, failed; where that is what happened.' },
);

/** One change of a job. */
export const jobEvent = Type.Unsafe<JobEvent>(
  Type.Object(
    {
      seq: Type.Integer({ minimum: 1, description: 'Its number: a job’s events are numbered without gaps, from 1.' }),
      jobId: idOutput('job_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The job.'),
      type: Type.Enum([...jobEventTypes], {
        description: '`job.accepted` comes again, with the next attempt, when the job is retried.',
      }),
      at: time('When it happened.'),
      status: Type.Enum([...jobStatuses], { description: 'The job’s from then on.' }),
      stage: nullable(Type.Enum([...jobStages], { description: 'Null once the job has ended.' })),
      progress: Type.Number({ minimum: 0, maximum: 1, description: 'Never goes back within an attempt.' }),
      attempt: Type.Integer({ minimum: 1 }),
      shot: Type.Optional(
        Type.Enum([...shots], { description: 'The image that was rendered, or failed; if one was.' }),
      ),
      assetId: Type.Optional(idOutput('ast_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The image, where one was rendered.')),
      error: Type.Optional(error),
    },
    { ...strict, title: 'JobEvent' },
  ),
);
