import { useQueryClient } from '@tanstack/preact-query';
import { useEffect } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Job, JobEvent } from '../../src/client/index.ts';
import { jobStages } from '../../src/domain/job.ts';
import { useLiveJob } from '../data/live-job.ts';
import { useChange, useInfluencer } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { lasting, title } from '../data/words.ts';
import { Id } from '../parts/copy.tsx';
import { RetryIcon, StopIcon } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Picture } from '../parts/picture.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';

/** A job as it goes. */
export function JobPage({ jobId }: { jobId: string }) {
  const { events, isStreaming, ...query } = useLiveJob(jobId);
  return (
    <Loaded query={query} lines={8}>
      {(job) => <Running job={job} events={events} isStreaming={isStreaming} />}
    </Loaded>
  );
}

function Running({ job, events, isStreaming }: { job: Job; events: JobEvent[]; isStreaming: boolean }) {
  const { jobId, influencerId, status, attempt, startedAt, finishedAt, images, waiting, eta, error, links } = job;
  const { data: influencer } = useInfluencer(influencerId);
  const name = influencer?.name ?? 'Influencer';
  const isClone = influencer?.attributes.clonedFrom !== undefined;
  const queries = useQueryClient();
  useEffect(() => {
    if (status !== 'running') void queries.invalidateQueries({ queryKey: ['influencer', influencerId] });
  }, [queries, influencerId, status]);
  // Who comes from Temporal's UI comes to one shot.
  useEffect(() => {
    if (location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, []);
  return (
    <>
      <PageHead
        title={name}
        beside={<Status of={status} />}
        under={
          <>
            Job <Id of={jobId} /> {attempt > 1 && `· attempt ${String(attempt)} `}· begun <Time at={startedAt} />
            {finishedAt !== null && ` · took ${lasting(Date.parse(finishedAt) - Date.parse(startedAt))}`}
          </>
        }
        actions={<Actions job={job} />}
      />
      <Progress job={job} />
      {!isStreaming && status === 'running' && (
        <p class="note">The live stream is not there; the job is looked at every few seconds.</p>
      )}
      {waiting !== null && <Waiting waiting={waiting} />}
      {error !== null && (
        <p class="note error" role="alert">
          {error.message} {error.retryable ? 'A retry can succeed: what is there is kept.' : ''}
          <span class="faint"> {error.code}</span>
        </p>
      )}
      <ul class="shots" aria-label="Images">
        {images.items.map((image) => (
          <li key={image.shot} id={image.shot} class={`shot ${image.status}`}>
            <Picture key={image.url} url={image.url} alt={`${name}, ${title(image.shot).toLowerCase()}`} />
            <p>
              {title(image.shot)} {image.status !== 'rendered' && <Status of={image.status} />}
            </p>
            {image.error !== null && <p class="issue">{image.error.message}</p>}
          </li>
        ))}
      </ul>
      <p class="job-links">
        {status === 'completed' && <Link href={`/influencers/${influencerId}`}>Look at {name}</Link>}
        {isClone && <Link href={`/influencers/${influencerId}/source`}>Side by side with its source</Link>}
        {links?.temporal !== undefined && (
          <a href={links.temporal} target="_blank" rel="noreferrer">
            Its workflow in Temporal
          </a>
        )}
        {eta !== null && status === 'running' && <span class="faint">Done in about {untilWords(eta)}</span>}
      </p>
      <Story events={events} />
    </>
  );
}

const untilWords = (time: string): string => lasting(Math.max(1_000, Date.parse(time) - Date.now()));

function Actions({ job: { jobId, status, stage } }: { job: Job }) {
  const { doppel, may } = useSession();
  const touches = [['job', jobId], ['jobs'], ['influencer']];
  const cancel = useChange(() => doppel.jobs.cancel(jobId), {
    touches,
    done: ({ accepted }) => (accepted ? 'It is being canceled' : 'It had ended already'),
  });
  const retry = useChange(() => doppel.jobs.retry(jobId), { touches, done: () => 'It is tried again' });
  if (status === 'running') {
    if (!may('jobs:cancel') || stage === 'finalizing') return null;
    return (
      <button
        type="button"
        class="button"
        disabled={cancel.isPending || cancel.data?.accepted === true}
        onClick={() => {
          cancel.mutate(undefined);
        }}
      >
        <StopIcon /> {cancel.data?.accepted === true ? 'Canceling…' : 'Cancel'}
      </button>
    );
  }
  if (status === 'completed' || !may('influencers:write')) return null;
  return (
    <button
      type="button"
      class="button primary"
      disabled={retry.isPending}
      onClick={() => {
        cancel.reset();
        retry.mutate(undefined);
      }}
    >
      <RetryIcon /> Retry
    </button>
  );
}

function Progress({ job: { status, stage, progress, images } }: { job: Job }) {
  const at = stage === null ? jobStages.length : jobStages.indexOf(stage);
  return (
    <section class={`job-progress ${status}`} aria-label="Progress">
      <progress value={progress} aria-label="Progress">
        {Math.round(progress * 100)} %
      </progress>
      <ol class="stages">
        {jobStages.map((name, index) => (
          <li
            key={name}
            class={index < at ? 'over' : index === at ? 'now' : 'ahead'}
            aria-current={index === at ? 'step' : undefined}
          >
            {title(name)}
            {name === 'rendering' && ` ${String(images.rendered)}/${String(images.total)}`}
          </li>
        ))}
      </ol>
    </section>
  );
}

const waitingWords: Record<NonNullable<Job['waiting']>['reason'], string> = {
  queued: 'It waits for its turn.',
  retrying: 'A step failed, and is tried again.',
  rate_limited: 'The provider of images lets no more through for now.',
  no_worker: 'No worker is there to do it. It goes on as soon as one is.',
  paused: 'An operator has paused it.',
  engine_unavailable: 'Temporal does not answer. It goes on as soon as it does.',
};

const Waiting = ({
  waiting: { reason, since, attempt, nextAttemptAt, error },
}: {
  waiting: NonNullable<Job['waiting']>;
}) => (
  <p class="note waiting" role="status">
    {waitingWords[reason]}{' '}
    <span class="faint">
      Since <Time at={since} />.
    </span>{' '}
    {attempt !== undefined && `Tried ${String(attempt)} ${attempt === 1 ? 'time' : 'times'}. `}
    {nextAttemptAt !== undefined && (
      <>
        Next try <Time at={nextAttemptAt} />.{' '}
      </>
    )}
    {error?.message}
  </p>
);

/** What happened, event by event, the newest first. */
function Story({ events }: { events: JobEvent[] }) {
  if (events.length === 0) return null;
  return (
    <details class="story">
      <summary>{String(events.length)} events</summary>
      <ol reversed>
        {events.toReversed().map((event) => (
          <li key={event.seq} value={event.seq}>
            <span>{wordsOf(event)}</span>
            <Time at={event.at} />
          </li>
        ))}
      </ol>
    </details>
  );
}

function wordsOf({ type, shot, stage, error, attempt }: JobEvent): string {
  const happened =
    type === 'job.progress' ? (shot === undefined ? title(stage ?? '') : title(shot)) : title(type.slice(4));
  const ending = error === undefined ? '' : `: ${error.message}`;
  const outcome = shot === undefined || type !== 'job.progress' ? '' : error === undefined ? ' rendered' : ' failed';
  return `${happened}${outcome}${ending}${attempt > 1 ? ` (attempt ${String(attempt)})` : ''}`;
}
