import { useState } from 'preact/hooks';
import { createProject } from 'virtual:request-schemas';
import { Link, useLocation } from 'wouter-preact';
import type { Project } from '../../src/client/index.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useProjects } from '../data/lists.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Confirm } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { FolderIcon, PlusIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Empty, LoadingCards } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';

export function Projects() {
  const { may } = useSession();
  const list = useProjects();
  const [isCreating, setCreating] = useState(false);
  const creating = may('projects:write') && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setCreating(true);
      }}
    >
      <PlusIcon /> New project
    </button>
  );
  return (
    <>
      <PageHead title="Projects" actions={creating} />
      <Listing
        list={list}
        loading={<LoadingCards cards={3} />}
        empty={
          <Empty icon={<FolderIcon />} title="No project yet" action={creating}>
            A project is a folder of influencers: one for each customer or campaign.
          </Empty>
        }
      >
        {(projects) => (
          <ul class="cards">
            {projects.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ul>
        )}
      </Listing>
      {isCreating && (
        <NewProject
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { doppel, may } = useSession();
  const [isAsking, setAsking] = useState(false);
  const { id, name, timezone, status, createdAt } = project;
  const isArchived = status === 'archived';
  const change = useChange(
    async () => {
      await (isArchived ? doppel.projects.update(id, { status: 'active' }) : doppel.projects.archive(id));
    },
    {
      touches: [['projects']],
      done: () => (isArchived ? `${name} is active again` : `${name} is archived`),
      then() {
        setAsking(false);
      },
    },
  );
  return (
    <li class="card project">
      <h2>
        <Link href={`/projects/${id}`} class="card-link">
          {name}
        </Link>
      </h2>
      <p class="faint">
        {timezone} · made <Time at={createdAt} />
      </p>
      <div class="card-foot">
        <Status of={status} />
        {may('projects:write') && (
          <button
            type="button"
            class="link above"
            onClick={() => {
              if (isArchived) change.mutate(undefined);
              else setAsking(true);
            }}
          >
            {isArchived ? 'Bring back' : 'Archive'}
          </button>
        )}
      </div>
      {isAsking && (
        <Confirm
          title={`Archive ${name}?`}
          action="Archive"
          isBusy={change.isPending}
          onConfirm={() => {
            change.mutate(undefined);
          }}
          onClose={() => {
            setAsking(false);
          }}
        >
          Nothing can be created or cloned in it then. What is in it stays, and you can bring it back.
        </Confirm>
      )}
    </li>
  );
}

const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone')];

function NewProject({ onClose }: { onClose: () => void }) {
  const { doppel } = useSession();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [timezone, setTimezone] = useState(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const [isTried, setTried] = useState(false);
  const body = { name: name.trim(), timezone };
  const change = useChange(() => doppel.projects.create(body), {
    touches: [['projects']],
    tellsErrors: true,
    then({ id }) {
      go(`/projects/${id}`);
    },
  });
  const found = issuesIn(createProject, body);
  const issues = { ...refusedIn(change.error), ...(isTried ? found : {}) };
  return (
    <FormDialog
      title="New project"
      onClose={onClose}
      issues={found}
      onTry={() => {
        setTried(true);
      }}
      onSend={() => {
        change.mutate(undefined);
      }}
      error={change.error}
      isDisabled={change.isPending}
      action="Create project"
    >
      <Field label="Name" issue={issueAt(issues, 'name')} isRequired>
        {(attributes) => (
          <input
            {...attributes}
            value={name}
            autoFocus
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
            }}
          />
        )}
      </Field>
      <Field label="Time zone" issue={issueAt(issues, 'timezone')}>
        {(attributes) => (
          <select
            {...attributes}
            value={timezone}
            onChange={({ currentTarget }) => {
              setTimezone(currentTarget.value);
            }}
          >
            {timeZones.map((zone) => (
              <option key={zone}>{zone}</option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  );
}
