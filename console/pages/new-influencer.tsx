import { useState } from 'preact/hooks';
import { createInfluencer } from 'virtual:request-schemas';
import { useLocation } from 'wouter-preact';
import type { CreateInfluencer } from '../../src/client/index.ts';
import { issueAt, issuesIn, refusedIn } from '../data/checks.ts';
import { useChange } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { Field } from '../parts/field.tsx';
import { IdentityFields, type Draft } from '../parts/identity-fields.tsx';
import { FormError } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PhotoDrop, usePhotos } from '../parts/photo-drop.tsx';

/** A new person, from words and photos. */
export function NewInfluencer({ projectId }: { projectId: string }) {
  const { doppel } = useSession();
  const [, go] = useLocation();
  const [name, setName] = useState('');
  const [draft, setDraft] = useState<Draft>({});
  const [isTried, setTried] = useState(false);
  const dropped = usePhotos(projectId);
  const assetIds = dropped.photos.flatMap(({ assetId }) => assetId ?? []);
  const isSending = dropped.photos.some(({ assetId, fault }) => assetId === null && fault === null);
  const body = {
    name: name.trim(),
    ...draft,
    ...(assetIds.length === 0 ? {} : { referenceImages: { assetIds } }),
  };
  const found = issuesIn(createInfluencer, body);
  const change = useChange(() => doppel.influencers.create(projectId, body as CreateInfluencer), {
    touches: [['influencers', projectId], ['jobs']],
    tellsErrors: true,
    then({ jobId }) {
      go(`/jobs/${jobId}`);
    },
  });
  // Who has not begun to type a name is not told that it is missing.
  const { name: nameIssue, ...others } = found;
  const issues = {
    ...refusedIn(change.error),
    ...others,
    ...(isTried && nameIssue !== undefined && { name: nameIssue }),
  };
  return (
    <>
      <PageHead title="New influencer" under="Say as much as you like: what you leave out is chosen, and stays." />
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(found).length === 0) change.mutate(undefined);
          else event.currentTarget.querySelector<HTMLElement>('[aria-invalid="true"], [name="name"]')?.focus();
        }}
      >
        <Field label="Name" issue={issueAt(issues, 'name')} isRequired>
          {(attributes) => (
            <input
              {...attributes}
              name="name"
              value={name}
              onInput={({ currentTarget }) => {
                setName(currentTarget.value);
              }}
            />
          )}
        </Field>
        <PhotoDrop {...dropped} />
        <IdentityFields draft={draft} onChange={setDraft} issues={issues} />
        <FormError error={change.error} />
        <div class="form-foot">
          <button type="submit" class="button primary" disabled={change.isPending || isSending}>
            {isSending ? 'Photos are on their way…' : change.isPending ? 'Creating…' : 'Create influencer'}
          </button>
        </div>
      </form>
    </>
  );
}
