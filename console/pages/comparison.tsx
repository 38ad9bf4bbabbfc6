import { Link } from 'wouter-preact';
import type { Influencer } from '../../src/client/index.ts';
import { shots } from '../../src/domain/shots.ts';
import { useInfluencer } from '../data/records.ts';
import { title } from '../data/words.ts';
import { ErrorNote, LoadingLines } from '../parts/notes.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { Picture } from '../parts/picture.tsx';
import { factsOf } from './influencer.tsx';

/** A clone beside its source: the same shot of both, and what differs. */
export function Comparison({ influencerId }: { influencerId: string }) {
  const { data: clone, error, refetch } = useInfluencer(influencerId);
  if (clone === undefined) {
    return error === null ? <LoadingLines /> : <ErrorNote error={error} onRetry={() => void refetch()} />;
  }
  const { clonedFrom } = clone.attributes;
  if (clonedFrom === undefined) return <p class="note">{clone.name} is nobody’s clone.</p>;
  return <WithSource clone={clone} sourceId={clonedFrom.influencerId} sourceName={clonedFrom.name} />;
}

function WithSource({ clone, sourceId, sourceName }: { clone: Influencer; sourceId: string; sourceName: string }) {
  const { data: source, error } = useInfluencer(sourceId);
  // A source that is deleted leaves what the clone took from it.
  const sourceImages = source?.referenceImages ?? clone.attributes.referenceImages ?? [];
  const [ofSource, ofClone] = [source === undefined ? null : valuesOf(source), valuesOf(clone)];
  const names = [...new Set([...(ofSource?.keys() ?? []), ...ofClone.keys()])];
  return (
    <>
      <PageHead title={`${clone.name} and ${sourceName}`} under="The clone beside its source." />
      {error !== null && <p class="note">The source cannot be read any more: what the clone began with is shown.</p>}
      {ofSource !== null && (
        <section>
          <h2>Identity</h2>
          <table class="differences">
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">{sourceName}</th>
                <th scope="col">{clone.name}</th>
              </tr>
            </thead>
            <tbody>
              {names.map((name) => (
                <tr key={name} class={ofSource.get(name) === ofClone.get(name) ? '' : 'differs'}>
                  <th scope="row">{title(name)}</th>
                  <td>{ofSource.get(name) ?? '–'}</td>
                  <td>{ofClone.get(name) ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <div class="comparison" role="table" aria-label="Images">
        <div role="row" class="comparison-row head">
          <span role="columnheader">Shot</span>
          <span role="columnheader">
            <Link href={`/influencers/${sourceId}`}>{sourceName}</Link>
          </span>
          <span role="columnheader">
            <Link href={`/influencers/${clone.influencerId}`}>{clone.name}</Link>
          </span>
        </div>
        {shots.map((shot) => (
          <div key={shot} role="row" class="comparison-row">
            <span role="rowheader">{title(shot)}</span>
            {[sourceImages, clone.referenceImages].map((images, side) => {
              const url = images.find((image) => image.shot === shot)?.url ?? null;
              return (
                <div key={side} role="cell">
                  <Picture key={url} url={url} alt={`${side === 0 ? sourceName : clone.name}, ${title(shot)}`} />
                </div>
              );
            })}
          </div>
        ))}
      </div>
    </>
  );
}

const valuesOf = (influencer: Influencer) => new Map(factsOf(influencer).map(({ name, value }) => [name, value]));
