import { useState } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { ImageIcon } from './icons.tsx';

export interface Pictured {
  key: string;
  /** What it is, in words. */
  label: string;
  url: string;
  thumbnailUrl: string;
}

/** A picture that appears once it is there; a placeholder where there is none. */
export function Picture({ url, alt }: { url: string | null; alt: string }) {
  const [state, setState] = useState<'coming' | 'there' | 'broken'>('coming');
  if (url === null || state === 'broken') {
    return (
      <div
        class="picture none"
        role="img"
        aria-label={url === null ? `${alt}: not there yet` : `${alt}: cannot be shown`}
      >
        <ImageIcon />
      </div>
    );
  }
  return (
    <img
      class={`picture ${state}`}
      src={url}
      alt={alt}
      loading="lazy"
      decoding="async"
      onLoad={() => {
        setState('there');
      }}
      onError={() => {
        setState('broken');
      }}
    />
  );
}

/** Pictures large, one at a time; arrow keys turn them over. */
export function Viewer({ pictures, first, onClose }: { pictures: Pictured[]; first: number; onClose: () => void }) {
  const [at, setAt] = useState(first);
  const picture = pictures[at];
  const turn = (by: number) => {
    setAt((at + by + pictures.length) % pictures.length);
  };
  if (picture === undefined) return null;
  return (
    <Dialog title={`${picture.label} (${String(at + 1)} of ${String(pictures.length)})`} onClose={onClose} isWide>
      <div
        class="viewer"
        onKeyDown={({ key }) => {
          if (key === 'ArrowRight') turn(1);
          if (key === 'ArrowLeft') turn(-1);
        }}
      >
        <button
          type="button"
          class="button"
          onClick={() => {
            turn(-1);
          }}
          aria-label="Previous image"
        >
          ‹
        </button>
        <Picture key={picture.key} url={picture.url} alt={picture.label} />
        <button
          type="button"
          class="button"
          onClick={() => {
            turn(1);
          }}
          aria-label="Next image"
          autoFocus
        >
          ›
        </button>
      </div>
    </Dialog>
  );
}
