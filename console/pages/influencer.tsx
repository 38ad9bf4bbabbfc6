import { useState } from 'preact/hooks';
import { identitySchema } from 'virtual:request-schemas';
import { Link, useLocation } from 'wouter-preact';
import type { Influencer, Versioned } from '../../src/client/index.ts';
import { useInfluencers, useJobs } from '../data/lists.ts';
import { useChange, useInfluencer } from '../data/records.ts';
import { useSession } from '../data/session.ts';
import { title } from '../data/words.ts';
import { Id } from '../parts/copy.tsx';
import { Confirm } from '../parts/dialog.tsx';
import { CloneIcon, PenIcon, TrashIcon } from '../parts/icons.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Picture, Viewer, type Pictured } from '../parts/picture.tsx';
import { Status } from '../parts/status.tsx';
import { Time } from '../parts/time.tsx';
import { CloneDialog } from './clone-dialog.tsx';
import { EditDialog } from './edit-dialog.tsx';
import { JobRows } from './jobs.tsx';

export function InfluencerPage({ influencerId }: { influencerId: string }) {
  return (
    <Loaded query={useInfluencer(influencerId)} lines={8}>
      {(influencer) => <Person influencer={influencer} />}
    </Loaded>
  );
}

function Person({ influencer }: { influencer: Versioned<Influencer> }) {
  const { doppel, may } = useSession();
  const [, go] = useLocation();
  const [isCloning, setCloning] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const { influencerId, projectId, name, status, errorMessage, createdAt, attributes } = influencer;
  const deletion = useChange(() => doppel.influencers.delete(influencerId), {
    touches: [['influencers', projectId], ['jobs']],
    done: () => `${name} is deleted`,
    then() {
      go(`/projects/${projectId}`);
    },
  });
  return (
    <>
      <PageHead
        title={name}
        beside={<Status of={status} />}
        under={
          <>
            <Id of={influencerId} /> made <Time at={createdAt} />
          </>
        }
        actions={
          may('influencers:write') && (
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
                onClick={() => {
                  setEditing(true);
                }}
              >
                <PenIcon /> Edit
              </button>
              <button
                type="button"
                class="button primary"
                onClick={() => {
                  setCloning(true);
                }}
              >
                <CloneIcon /> Clone
              </button>
            </>
          )
        }
      />
      {errorMessage !== null && (
        <p class="note error">
          {errorMessage} <Link href={`/jobs/${influencer.jobId}`}>Look at the job</Link>
        </p>
      )}
      <div class="portrait-and-facts">
        <Pictures influencer={influencer} />
        <div class="facts">
          <IdentityFacts influencer={influencer} />
          <Lineage influencer={influencer} />
        </div>
      </div>
      <History influencerId={influencerId} />
      {attributes.referenceImages !== undefined && attributes.referenceImages.length > 0 && (
        <section>
          <h2>What it began with</h2>
          <p class="faint">The images of its source as they were when it was cloned.</p>
          <PictureStrip pictures={attributes.referenceImages.map((image) => picturedOf(name, image))} />
        </section>
      )}
      {isCloning && (
        <CloneDialog
          source={influencer}
          onClose={() => {
            setCloning(false);
          }}
        />
      )}
      {isEditing && (
        <EditDialog
          influencer={influencer}
          onClose={() => {
            setEditing(false);
          }}
        />
      )}
      {isDeleting && (
        <Confirm
          title={`Delete ${name}?`}
          action="Delete"
          isBusy={deletion.isPending}
          onConfirm={() => {
            deletion.mutate(undefined);
          }}
          onClose={() => {
            setDeleting(false);
          }}
        >
          Its images go with it, and a running job is canceled. Its clones stay. This cannot be undone.
        </Confirm>
      )}
    </>
  );
}

type Image = Influencer['referenceImages'][number];

const picturedOf = (name: string, { assetId, url, thumbnailUrl, shot }: Image): Pictured => ({
  key: assetId,
  label: `${name}, ${shot === null ? 'photo' : title(shot).toLowerCase()}`,
  url,
  thumbnailUrl,
});

function Pictures({ influencer: { name, referenceImages } }: { influencer: Influencer }) {
  const pictures = referenceImages.map((image) => picturedOf(name, image));
  const [shown, setShown] = useState<number>();
  const [first] = pictures;
  if (first === undefined) return <Picture url={null} alt={name} />;
  return (
    <div class="pictures">
      <button
        type="button"
        class="portrait"
        aria-label={`Look at ${first.label}`}
        onClick={() => {
          setShown(0);
        }}
      >
        <Picture key={first.key} url={first.url} alt={first.label} />
      </button>
      <PictureStrip pictures={pictures} />
      {shown !== undefined && (
        <Viewer
          pictures={pictures}
          first={shown}
          onClose={() => {
            setShown(undefined);
          }}
        />
      )}
    </div>
  );
}

function PictureStrip({ pictures }: { pictures: Pictured[] }) {
  const [shown, setShown] = useState<number>();
  return (
    <>
      <ul class="strip">
        {pictures.map(({ key, label, thumbnailUrl }, at) => (
          <li key={key}>
            <button
              type="button"
              aria-label={`Look at ${label}`}
              onClick={() => {
                setShown(at);
              }}
            >
              <Picture url={thumbnailUrl} alt={label} />
            </button>
          </li>
        ))}
      </ul>
      {shown !== undefined && (
        <Viewer
          pictures={pictures}
          first={shown}
          onClose={() => {
            setShown(undefined);
          }}
        />
      )}
    </>
  );
}

/** The fields of a person that are set, each with its name; those of the personality after it. */
export function factsOf(influencer: Influencer): { name: string; value: string }[] {
  const said = (values: Record<string, unknown>, names: string[]) =>
    names.flatMap((name) => {
      const value = values[name];
      if (Array.isArray(value)) return value.length === 0 ? [] : { name, value: value.join(', ') };
      return typeof value === 'string' && value !== '' ? { name, value } : [];
    });
  const names = Object.keys(identitySchema.properties);
  const personality = Object.keys(identitySchema.properties['personality']?.properties ?? {});
  return [...said(influencer, names), ...said(influencer.personality ?? {}, personality)];
}

function IdentityFacts({ influencer }: { influencer: Influencer }) {
  const facts = factsOf(influencer);
  return (
    <section>
      <h2>Identity</h2>
      {facts.length === 0 ? (
        <p class="faint">Nothing was said of this person: all of it was chosen.</p>
      ) : (
        <dl class="fact-list">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{title(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

/** From whom somebody was cloned, and who was cloned from them. */
function Lineage({ influencer: { influencerId, projectId, attributes } }: { influencer: Influencer }) {
  const { items: clones = [], hasNextPage } = useInfluencers(projectId, { clonedFrom: influencerId }, 12);
  const { clonedFrom } = attributes;
  if (clonedFrom === undefined && clones.length === 0) return null;
  return (
    <section>
      <h2>Lineage</h2>
      {clonedFrom !== undefined && (
        <p>
          Cloned from <Link href={`/influencers/${clonedFrom.influencerId}`}>{clonedFrom.name}</Link>{' '}
          <span class="faint">
            <Time at={clonedFrom.clonedAt} />
          </span>{' '}
          · <Link href={`/influencers/${influencerId}/source`}>Side by side</Link>
        </p>
      )}
      {clones.length > 0 && (
        <>
          <p class="faint">
            {String(clones.length)}
            {hasNextPage ? '+' : ''} {clones.length === 1 ? 'clone' : 'clones'}
          </p>
          <ul class="relatives">
            {clones.map(({ influencerId: id, name, thumbnailUrl }) => (
              <li key={id}>
                <Link href={`/influencers/${id}`}>
                  <Picture url={thumbnailUrl} alt="" />
                  {name}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function History({ influencerId }: { influencerId: string }) {
  const { may } = useSession();
  if (!may('jobs:read')) return null;
  return (
    <section>
      <h2>Jobs</h2>
      <HistoryRows influencerId={influencerId} />
    </section>
  );
}

const HistoryRows = ({ influencerId }: { influencerId: string }) => {
  const { items } = useJobs({ influencerId }, 10);
  return items === undefined ? <LoadingLines lines={1} /> : <JobRows jobs={items} />;
};
