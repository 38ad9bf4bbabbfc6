import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { WebhookDelivery, WebhookDeliveryFilters, WebhookEndpoint } from '../../src/client/index.ts';
import { useDeliveries } from '../data/lists.ts';
import { useChange, useWebhookEndpoint } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { short, title } from '../data/words.ts';
import { Choice } from '../parts/choice.tsx';
import { Id, Secret } from '../parts/copy.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { RetryIcon, SendIcon, TrashIcon, WebhookIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { Empty, LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';

/** An endpoint and what it was told. */
export function WebhookPage({ webhookEndpointId }: { webhookEndpointId: string }) {
  return (
    <Loaded query={useWebhookEndpoint(webhookEndpointId)}>{(endpoint) => <Endpoint endpoint={endpoint} />}</Loaded>
  );
}

function Endpoint({ endpoint }: { endpoint: WebhookEndpoint }) {
  const { webhookEndpointId, url, events, description, status, statusReason, pausedAt } = endpoint;
  return (
    <>
      <PageHead
        title={description ?? 'Endpoint'}
        beside={<Status of={status} />}
        under={
          <>
            <Id of={webhookEndpointId} /> <span class="mono">{url}</span>
          </>
        }
        actions={<Actions endpoint={endpoint} />}
      />
      {status !== 'enabled' && (
        <p class="note">
          {whyWords[statusReason ?? 'by_caller']}
          {pausedAt !== null && (
            <>
              {' '}
              Since <Time at={pausedAt} />.
            </>
          )}
        </p>
      )}
      <p class="faint">It is told of {events.join(', ')}.</p>
      <Deliveries webhookEndpointId={webhookEndpointId} />
    </>
  );
}

const whyWords: Record<NonNullable<WebhookEndpoint['statusReason']>, string> = {
  by_caller: 'It was disabled. What happens meanwhile is not kept for it.',
  gone_410: 'It answered that it is gone (410), and is told nothing more until it is enabled.',
  failures: 'It failed too often in a row. What happens is held, and sent once it is enabled.',
};

function Actions({ endpoint: { webhookEndpointId: id, status } }: { endpoint: WebhookEndpoint }) {
  const { doppel, may } = useSession();
  const [, go] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const touches = [['webhook-endpoint', id], ['webhook-endpoints'], ['deliveries', id]];
  const turn = useChange(
    () => doppel.webhookEndpoints.update(id, { status: status === 'enabled' ? 'disabled' : 'enabled' }),
    { touches, done: (turned) => `It is ${turned.status}` },
  );
  const test = useChange(() => doppel.webhookEndpoints.test(id), { touches, done: () => 'A test is on its way' });
  const rotate = useChange(() => doppel.webhookEndpoints.rotateSecret(id), { touches });
  const deletion = useChange(() => doppel.webhookEndpoints.delete(id), {
    touches: [['webhook-endpoints']],
    done: () => 'The endpoint is deleted',
    then() {
      go('/webhooks');
    },
  });
  if (!may('webhooks:write')) return null;
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={() => {
          setDeleting(true);
        }}
      >
        <TrashIcon /> Delete
      </button>
      <button
        type="button"
        class="button"
        disabled={rotate.isPending}
        onClick={() => {
          rotate.mutate(undefined);
        }}
      >
        <RetryIcon /> New secret
      </button>
      <button
        type="button"
        class="button"
        disabled={turn.isPending}
        onClick={() => {
          turn.mutate(undefined);
        }}
      >
        {status === 'enabled' ? 'Disable' : 'Enable'}
      </button>
      <button
        type="button"
        class="button primary"
        disabled={test.isPending || status === 'disabled'}
        onClick={() => {
          test.mutate(undefined);
        }}
      >
        <SendIcon /> Send a test
      </button>
      {rotate.data !== undefined && (
        <Dialog
          title="New signing secret"
          onClose={() => {
            rotate.reset();
          }}
        >
          <div class="dialog-body">
            <Secret of={rotate.data.secret} name="signing secret" />
            <p class="faint">The old one signs beside it for 24 hours.</p>
          </div>
        </Dialog>
      )}
      {isDeleting && (
        <Confirm
          title="Delete this endpoint?"
          action="Delete"
          isBusy={deletion.isPending}
          onConfirm={() => {
            deletion.mutate(undefined);
          }}
          onClose={() => {
            setDeleting(false);
          }}
        >
          It is told nothing more, and what it was told is forgotten.
        </Confirm>
      )}
    </>
  );
}

const filters = {
  All: {},
  Delivered: { status: ['delivered'] },
  'On their way': { status: ['pending', 'held'] },
  Failed: { status: ['failed'] },
} as const;
type Filter = keyof typeof filters;

function Deliveries({ webhookEndpointId }: { webhookEndpointId: string }) {
  const [filter, setFilter] = useState<Filter>('All');
  const list = useDeliveries(webhookEndpointId, filters[filter] as WebhookDeliveryFilters);
  return (
    <section>
      <h2>Deliveries</h2>
      <Choice label="Show" choices={Object.keys(filters) as Filter[]} chosen={filter} onChoose={setFilter} />
      <Listing
        list={list}
        loading={<LoadingLines lines={3} />}
        empty={
          <Empty icon={<WebhookIcon />} title="No delivery">
            Nothing has been sent yet that fits. A test shows whether the endpoint answers.
          </Empty>
        }
      >
        {(deliveries) => (
          <ul class="rows">
            {deliveries.map((delivery) => (
              <DeliveryRow key={delivery.deliveryId} delivery={delivery} />
            ))}
          </ul>
        )}
      </Listing>
    </section>
  );
}

function DeliveryRow({ delivery }: { delivery: WebhookDelivery }) {
  const { doppel, may } = useSession();
  const { deliveryId, webhookEndpointId, type, jobId, status, createdAt, nextAttemptAt, attempts } = delivery;
  const again = useChange(() => doppel.webhookDeliveries.redeliver(deliveryId), {
    touches: [['deliveries', webhookEndpointId]],
    done: () => 'It is sent again, with the same id',
  });
  return (
    <li class="row delivery">
      <Status of={status} />
      <details class="row-words">
        <summary>
          <span class="mono">{type}</span>{' '}
          <span class="faint">
            {attempts.length === 1 ? '1 attempt' : `${String(attempts.length)} attempts`}
            {nextAttemptAt !== null && (
              <>
                , next <Time at={nextAttemptAt} />
              </>
            )}
          </span>
        </summary>
        {jobId !== null && (
          <p>
            Job <Link href={`/jobs/${jobId}`}>{short(jobId)}</Link>
          </p>
        )}
        <ol class="attempts">
          {attempts.map(({ at, durationMs, statusCode, error, responseExcerpt }) => (
            <li key={at}>
              <p>
                <strong>{statusCode ?? title(error ?? 'no answer')}</strong>{' '}
                <span class="faint">
                  <Time at={at} />, {durationMs} ms
                </span>
              </p>
              {responseExcerpt !== null && <pre tabIndex={0}>{responseExcerpt}</pre>}
            </li>
          ))}
        </ol>
      </details>
      <p class="faint row-time">
        <Time at={createdAt} />
      </p>
      {may('webhooks:write') && (status === 'delivered' || status === 'failed') && (
        <button
          type="button"
          class="button small"
          disabled={again.isPending}
          onClick={() => {
            again.mutate(undefined);
          }}
        >
          <RetryIcon /> Redeliver
        </button>
      )}
    </li>
  );
}
