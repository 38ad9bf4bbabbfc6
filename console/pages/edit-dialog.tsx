import { useState } from 'preact/hooks';
import { identitySchema, updateInfluencer } from 'virtual:request-schemas';
import type { Influencer, UpdateInfluencer, Versioned } from '../../src/client/index.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Field } from '../parts/field.tsx';
import { FormDialog } from '../parts/form-dialog.tsx';
import { IdentityFields, type Draft } from '../parts/identity-fields.tsx';

/** Changes what is said of a person. Images that are there stay as they are. */
export function EditDialog({ influencer, onClose }: { influencer: Versioned<Influencer>; onClose: () => void }) {
  const { doppel } = useSession();
  const { influencerId, projectId } = influencer;
  const [before] = useState(() => draftOf(influencer));
  const [name, setName] = useState(influencer.name);
  const [draft, setDraft] = useState(before);
  const body = {
    ...(name.trim() === influencer.name ? {} : { name: name.trim() }),
    ...differences(before, draft),
  };
  const isUnchanged = Object.keys(body).length === 0;
  const found = isUnchanged ? {} : issuesIn(updateInfluencer, body);
  const change = useChange(
    () => doppel.influencers.update(influencerId, body as UpdateInfluencer, { ifMatch: influencer.etag }),
    {
      touches: [
        ['influencer', influencerId],
        ['influencers', projectId],
      ],
      tellsErrors: true,
      done: ({ name: saved }) => `${saved} is saved`,
      then: onClose,
    },
  );
  const issues = { ...refusedIn(change.error), ...found };
  return (
    <FormDialog
      title={`Edit ${influencer.name}`}
      onClose={onClose}
      isWide
      issues={found}
      onSend={() => {
        change.mutate(undefined);
      }}
      error={change.error}
      isDisabled={change.isPending || isUnchanged}
      action="Save"
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
      <p class="faint">Images that are there stay as they are. A clone of this person has what you say here.</p>
      <IdentityFields draft={draft} onChange={setDraft} issues={issues} />
    </FormDialog>
  );
}

type Values = Readonly<Record<string, unknown>>;

/** What is set of an influencer, as a form has it. */
function draftOf(influencer: Influencer): Draft {
  const set = (values: Values, names: string[]) =>
    Object.fromEntries(names.flatMap((name) => (values[name] == null ? [] : [[name, values[name]]])));
  return set(influencer, Object.keys(identitySchema.properties)) as Draft;
}

/** What a PATCH says: fields that differ, null for those that are empty now; of the personality the keys alike. */
function differences(before: Values, after: Values): Values {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return Object.fromEntries(
    names.flatMap((name) => {
      const [old, now] = [before[name], after[name]];
      if (JSON.stringify(old) === JSON.stringify(now)) return [];
      if (isGroup(old) && isGroup(now)) return [[name, differences(old, now)]];
      return [[name, now ?? null]];
    }),
  );
}

const isGroup = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
