import { useState } from 'preact/hooks';
import { cloneInfluencer } from 'virtual:request-schemas';
import { useLocation } from 'wouter-preact';
import type { CloneInfluencer, Influencer } from '../../src/client/index.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Field } from '../parts/field.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { IdentityFields, type Draft } from '../parts/identity-fields.tsx';

/** Copies a person, with the source's identity beside what is changed. */
export function CloneDialog({ source, onClose }: { source: Influencer; onClose: () => void }) {
  const { doppel } = useSession();
  const [, go] = useLocation();
  const [name, setName] = useState(`${source.name} (copy)`);
  const [overrides, setOverrides] = useState<Draft>({});
  const changes = countOf(overrides);
  const body = { name: name.trim(), ...(changes === 0 ? {} : { overrides }) };
  const found = issuesIn(cloneInfluencer, body);
  const change = useChange(() => doppel.influencers.clone(source.influencerId, body as CloneInfluencer), {
    touches: [['influencers'], ['jobs']],
    tellsErrors: true,
    then({ jobId }) {
      go(`/jobs/${jobId}`);
    },
  });
  const issues = { ...refusedIn(change.error), ...found };
  return (
    <FormDialog
      title={`Clone ${source.name}`}
      onClose={onClose}
      isWide
      issues={found}
      onSend={() => {
        change.mutate(undefined);
      }}
      error={change.error}
      isDisabled={change.isPending}
      action={change.isPending ? 'Cloning…' : 'Clone'}
      note={
        <span class="faint">
          {changes === 0 ? 'An exact copy' : changes === 1 ? '1 change' : `${String(changes)} changes`}
        </span>
      }
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
      <p class="faint">What you leave empty stays as it is. Lists are replaced whole.</p>
      <IdentityFields draft={overrides} onChange={setOverrides} {...{ issues, source }} at="overrides." />
    </FormDialog>
  );
}

/** How many fields are changed, those of the personality each counted. */
const countOf = (draft: Draft): number =>
  Object.values(draft).reduce(
    (sum, value) => sum + (typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).length : 1),
    0,
  );
