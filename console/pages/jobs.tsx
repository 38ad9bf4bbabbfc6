import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { JobFilters, JobListItem } from '../../src/client/index.ts';
import { useJobs, useProjects } from '../data/lists.ts';
import { lasting, short, title } from '../data/words.ts';
import { Choice } from '../parts/choice.tsx';
import { JobsIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Empty, LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';

const filters = {
  All: {},
  Running: { status: ['running'] },
  Completed: { status: ['completed'] },
  Failed: { status: ['failed'] },
  Canceled: { status: ['canceled'] },
} as const;
type Filter = keyof typeof filters;

/** All jobs that the key sees. */
export function Jobs() {
  const [filter, setFilter] = useState<Filter>('All');
  const [projectId, setProjectId] = useState('');
  const { items: projects = [] } = useProjects();
  const list = useJobs({ ...(filters[filter] as JobFilters), ...(projectId === '' ? {} : { projectId }) });
  return (
    <>
      <PageHead title="Jobs" />
      <div class="filters">
        <Choice label="Status" choices={Object.keys(filters) as Filter[]} chosen={filter} onChoose={setFilter} />
        <select
          aria-label="Only this project"
          value={projectId}
          onChange={({ currentTarget }) => {
            setProjectId(currentTarget.value);
          }}
        >
          <option value="">All projects</option>
          {projects.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
      <Listing
        list={list}
        loading={<LoadingLines />}
        empty={
          <Empty icon={<JobsIcon />} title={filter === 'All' ? 'No job yet' : `No job is ${filter.toLowerCase()}`}>
            Whoever creates or clones an influencer starts a job; it is here from its first moment.
          </Empty>
        }
      >
        {(jobs) => <JobRows jobs={jobs} />}
      </Listing>
    </>
  );
}

export const JobRows = ({ jobs }: { jobs: JobListItem[] }) => (
  <ul class="rows">
    {jobs.map(({ jobId, influencerId, status, stage, progress, attempt, startedAt, finishedAt, error }) => (
      <li key={jobId} class="row">
        <Status of={status} />
        <div class="row-words">
          <Link href={`/jobs/${jobId}`} class="card-link mono">
            {short(jobId)}
          </Link>
          <p class="faint">
            {error?.message ??
              `${stage === null ? `Attempt ${String(attempt)}` : title(stage)} · ${short(influencerId)}`}
          </p>
        </div>
        {status === 'running' && <progress value={progress} aria-label="Progress" />}
        <p class="faint row-time">
          <Time at={startedAt} />
          {finishedAt !== null && `, ${lasting(Date.parse(finishedAt) - Date.parse(startedAt))}`}
        </p>
      </li>
    ))}
  </ul>
);
