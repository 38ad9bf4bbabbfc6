import { useState } from 'preact/hooks';
import { createApiKey } from 'virtual:request-schemas';
import type { ApiKey, CreateApiKey } from '../../src/client/index.ts';
import { environments, type Environment } from '../../src/domain/influencer.ts';
import { scopes as allScopes, type Scope } from '../../src/domain/scopes.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useApiKeys } from '../data/lists.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Boxes } from '../parts/boxes.tsx';
import { Secret } from '../parts/copy.tsx';
import { Confirm, Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { KeyIcon, PlusIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Empty, LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';

export function Keys() {
  const { caller, may } = useSession();
  const own = (
    <p class="note">
      You are signed in with a key of the environment <strong>{caller.environment}</strong> that may:{' '}
      {caller.scopes.join(', ')}.
    </p>
  );
  if (!may('org:admin')) {
    return (
      <>
        <PageHead title="Keys" />
        {own}
        <Empty icon={<KeyIcon />} title="For administrators">
          Keys are made and killed with a key that has the scope org:admin.
        </Empty>
      </>
    );
  }
  return <AllKeys own={own} />;
}

function AllKeys({ own }: { own: preact.ComponentChildren }) {
  const list = useApiKeys();
  const [isCreating, setCreating] = useState(false);
  const creating = (
    <button
      type="button"
      class="button primary"
      onClick={() => {
        setCreating(true);
      }}
    >
      <PlusIcon /> New key
    </button>
  );
  return (
    <>
      <PageHead title="Keys" under="What programs and people call the API with." actions={creating} />
      {own}
      <Listing
        list={list}
        loading={<LoadingLines lines={3} />}
        empty={
          <Empty icon={<KeyIcon />} title="No key" action={creating}>
            Make one for each program, with what it needs and no more.
          </Empty>
        }
      >
        {(keys) => (
          <ul class="rows">
            {keys.map((key) => (
              <KeyRow key={key.apiKeyId} apiKey={key} />
            ))}
          </ul>
        )}
      </Listing>
      {isCreating && (
        <NewKey
          onClose={() => {
            setCreating(false);
          }}
        />
      )}
    </>
  );
}

type Asking = 'rotate' | 'kill' | 'delete';

const asking: Record<Asking, { action: string; words: string }> = {
  rotate: { action: 'Rotate', words: 'It gets another secret. The old one is refused at once.' },
  kill: { action: 'Kill', words: 'Every request with it is refused from now on. It can be rotated to live again.' },
  delete: { action: 'Delete', words: 'It is as if it had never been. This cannot be undone.' },
};

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const { doppel, caller } = useSession();
  const { apiKeyId, name, prefix, scopes, environment, state, createdAt, expiresAt } = apiKey;
  const [asked, setAsked] = useState<Asking>();
  const touches = [['api-keys']];
  const then = () => {
    setAsked(undefined);
  };
  const rotate = useChange(() => doppel.apiKeys.rotate(apiKeyId), { touches, then });
  const kill = useChange(() => doppel.apiKeys.kill(apiKeyId), { touches, then, done: () => `${name} is killed` });
  const deletion = useChange(() => doppel.apiKeys.delete(apiKeyId), {
    touches,
    then,
    done: () => `${name} is deleted`,
  });
  const changes = { rotate, kill, delete: deletion };
  const isOwn = apiKeyId === caller.apiKeyId;
  return (
    <li class="row">
      <Status of={state} />
      <div class="row-words">
        <p>
          {name} <span class={`environment ${environment}`}>{environment}</span>{' '}
          {isOwn && <span class="faint">this one</span>}
        </p>
        <p class="faint">
          <span class="mono">{prefix}…</span> · {scopes.join(', ')} · made <Time at={createdAt} />
          {expiresAt !== null && (
            <>
              , expires <Time at={expiresAt} />
            </>
          )}
        </p>
      </div>
      <div class="row-actions">
        {(['rotate', 'kill', 'delete'] as const)
          .filter((act) => act !== 'kill' || state === 'live')
          .map((act) => (
            <button
              key={act}
              type="button"
              class="button small"
              aria-label={`${asking[act].action} ${name}`}
              onClick={() => {
                setAsked(act);
              }}
            >
              {asking[act].action}
            </button>
          ))}
      </div>
      {asked !== undefined && (
        <Confirm
          title={`${asking[asked].action} ${name}?`}
          action={asking[asked].action}
          isBusy={changes[asked].isPending}
          onConfirm={() => {
            changes[asked].mutate(undefined);
          }}
          onClose={() => {
            setAsked(undefined);
          }}
        >
          {asking[asked].words} {isOwn && 'You are signed in with it.'}
        </Confirm>
      )}
      {rotate.data !== undefined && (
        <Dialog
          title={`New secret of ${name}`}
          onClose={() => {
            rotate.reset();
          }}
        >
          <div class="dialog-body">
            <Secret of={rotate.data.secret} name="key" />
          </div>
        </Dialog>
      )}
    </li>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const { doppel } = useSession();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<Scope[]>(['influencers:write', 'jobs:read', 'projects:read']);
  const [env, setEnv] = useState<Environment>('test');
  const [expires, setExpires] = useState('');
  const [isTried, setTried] = useState(false);
  const body: CreateApiKey = {
    name: name.trim(),
    scopes,
    env,
    ...(expires === '' ? {} : { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
  };
  const found = issuesIn(createApiKey, body);
  const change = useChange(() => doppel.apiKeys.create(body), { touches: [['api-keys']], tellsErrors: true });
  const issues = { ...refusedIn(change.error), ...(isTried ? found : {}) };
  if (change.data !== undefined) {
    return (
      <Dialog title={change.data.name} onClose={onClose}>
        <div class="dialog-body">
          <Secret of={change.data.secret} name="key" />
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
      title="New key"
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
      action="Create key"
    >
      <Field label="Name" hint="Which program it is for." issue={issueAt(issues, 'name')} isRequired>
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
      <Field label="Environment" hint="Keys of one see nothing of the other.">
        {(attributes) => (
          <select
            {...attributes}
            value={env}
            onChange={({ currentTarget }) => {
              setEnv(currentTarget.value as Environment);
            }}
          >
            {environments.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Boxes
        legend="Scopes"
        choices={allScopes}
        chosen={scopes}
        onChange={setScopes}
        issue={issueAt(issues, 'scopes')}
      />
      <Field label="Expires" hint="Left empty: never." issue={issueAt(issues, 'expiresAt')}>
        {(attributes) => (
          <input
            {...attributes}
            type="date"
            value={expires}
            onInput={({ currentTarget }) => {
              setExpires(currentTarget.value);
            }}
          />
        )}
      </Field>
    </FormDialog>
  );
}
