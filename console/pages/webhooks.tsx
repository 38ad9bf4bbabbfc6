import { useState } from 'preact/hooks';
import { createWebhookEndpoint } from 'virtual:request-schemas';
import { Link } from 'wouter-preact';
import type { CreateWebhookEndpoint } from '../../src/client/index.ts';
import { webhookEvents, type WebhookEvent } from '../../src/domain/webhook.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useProjects, useWebhookEndpoints } from '../data/lists.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Boxes } from '../parts/boxes.tsx';
import { Secret } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { PlusIcon, WebhookIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Empty, LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Status } from '../parts/status.tsx';

export function Webhooks() {
  const { may } = useSession();
  const list = useWebhookEndpoints();
  const [isCreating, setCreating] = useState(false);
  const creating = may('webhooks:write') && (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setCreating(true);
      }}
    >
      <PlusIcon /> New endpoint
    </button>
  );
  return (
    <>
      <PageHead title="Webhooks" under="Where jobs tell what has become of them." actions={creating} />
      <Listing
        list={list}
        loading={<LoadingLines lines={3} />}
        empty={
          <Empty icon={<WebhookIcon />} title="Nobody is told yet" action={creating}>
            An endpoint is told of each job’s end, so that nobody has to ask. Every webhook is signed.
          </Empty>
        }
      >
        {(endpoints) => (
          <ul class="rows">
            {endpoints.map(({ webhookEndpointId, url, status, events, description }) => (
              <li key={webhookEndpointId} class="row">
                <Status of={status} />
                <div class="row-words">
                  <Link href={`/webhooks/${webhookEndpointId}`} class="card-link">
                    {url}
                  </Link>
                  <p class="faint">
                    {description !== null && `${description} · `}
                    {events.join(', ')}
                  </p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </Listing>
      {isCreating && (
        <NewEndpoint
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

function NewEndpoint({ onClose }: { onClose: () => void }) {
  const { doppel } = useSession();
  const { items: projects = [] } = useProjects();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<WebhookEvent[]>(['job.completed', 'job.failed', 'job.canceled']);
  const [description, setDescription] = useState('');
  const [projectId, setProjectId] = useState('');
  const [isTried, setTried] = useState(false);
  const body: CreateWebhookEndpoint = {
    url: url.trim(),
    events,
    ...(description.trim() === '' ? {} : { description: description.trim() }),
    ...(projectId === '' ? {} : { projectId }),
  };
  const change = useChange(() => doppel.webhookEndpoints.create(body), {
    touches: [['webhook-endpoints']],
    tellsErrors: true,
  });
  const found = issuesIn(createWebhookEndpoint, body);
  const issues = { ...refusedIn(change.error), ...(isTried ? found : {}) };
  if (change.data !== undefined) {
    return (
      <Dialog title="Signing secret" onClose={onClose}>
        <div class="dialog-body">
          <Secret of={change.data.secret} name="signing secret" />
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button primary" onClick={onClose}>
            Done
          </button>
        </footer>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title="New endpoint"
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
      action="Create endpoint"
    >
      <Field label="URL" hint="https, on a host of the internet." issue={issueAt(issues, 'url')} isRequired>
        {(attributes) => (
          <input
            {...attributes}
            type="url"
            placeholder="https://…"
            value={url}
            autoFocus
            onInput={({ currentTarget }) => {
              setUrl(currentTarget.value);
            }}
          />
        )}
      </Field>
      <Boxes
        legend="Events"
        choices={webhookEvents}
        chosen={events}
        onChange={setEvents}
        issue={issueAt(issues, 'events')}
      />
      <Field label="Description" issue={issueAt(issues, 'description')}>
        {(attributes) => (
          <input
            {...attributes}
            value={description}
            onInput={({ currentTarget }) => {
              setDescription(currentTarget.value);
            }}
          />
        )}
      </Field>
      <Field label="Project">
        {(attributes) => (
          <select
            {...attributes}
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
        )}
      </Field>
    </FormDialog>
  );
}
