import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { InfluencerFilters, InfluencerListItem } from '../../src/client/index.ts';
import { useInfluencers, useProjects } from '../data/lists.ts';
import { useSession } from '../data/session.ts';
import { title } from '../data/words.ts';
import { Choice } from '../parts/choice.tsx';
import { PeopleIcon, PlusIcon } from '../parts/icons.tsx';
import { Listing } from '../parts/listing.tsx';
import { Empty, LoadingCards } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Picture } from '../parts/picture.tsx';
import { Status } from '../parts/status.tsx';

const filters = {
  All: {},
  Ready: { status: ['ready'] },
  'In progress': { status: ['pending', 'training'] },
  Failed: { status: ['failed'] },
} as const satisfies Record<string, { status?: readonly string[] }>;
type Filter = keyof typeof filters;

/** The influencers of a project. */
export function Gallery({ projectId }: { projectId: string }) {
  const { may } = useSession();
  const [filter, setFilter] = useState<Filter>('All');
  const list = useInfluencers(projectId, filters[filter] as InfluencerFilters);
  const project = useProjects().items?.find(({ id }) => id === projectId);
  const isOpen = project?.status !== 'archived';
  const creating = may('influencers:write') && isOpen && (
    <Link href={`/projects/${projectId}/new`} class="button primary">
      <PlusIcon /> New influencer
    </Link>
  );
  return (
    <>
      <PageHead
        title={project?.name ?? 'Influencers'}
        under={isOpen ? undefined : 'Archived: nothing can be created or cloned in it.'}
        actions={creating}
      />
      <Choice label="Show" choices={Object.keys(filters) as Filter[]} chosen={filter} onChoose={setFilter} />
      <Listing
        list={list}
        loading={<LoadingCards />}
        empty={
          filter === 'All' ? (
            <Empty icon={<PeopleIcon />} title="Nobody here yet" action={creating}>
              Describe a person, or drop photos of one. Their reference images are rendered while you watch.
            </Empty>
          ) : (
            <Empty icon={<PeopleIcon />} title={`Nobody is ${filter.toLowerCase()}`}>
              Nobody in this project fits the filter.
            </Empty>
          )
        }
      >
        {(influencers) => <InfluencerCards influencers={influencers} />}
      </Listing>
    </>
  );
}

const InfluencerCards = ({ influencers }: { influencers: InfluencerListItem[] }) => (
  <ul class="gallery">
    {influencers.map(({ influencerId, name, gender, ageRange, status, thumbnailUrl }) => (
      <li key={influencerId} class="card person">
        <Picture key={thumbnailUrl} url={thumbnailUrl} alt={name} />
        <div class="person-words">
          <Link href={`/influencers/${influencerId}`} class="card-link">
            {name}
          </Link>
          <p class="faint">{[gender && title(gender), ageRange].filter(Boolean).join(' · ') || 'No identity said'}</p>
        </div>
        {status !== 'ready' && <Status of={status} />}
      </li>
    ))}
  </ul>
);
