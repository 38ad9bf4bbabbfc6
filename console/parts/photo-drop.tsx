// Photos to start from: dropped or chosen, and sent at once.

import { useEffect, useRef, useState } from 'preact/hooks';
import { listLimits } from '../../src/domain/influencer.ts';
import { pictureTypes } from '../../src/domain/media.ts';
import { wordsOf } from '../data/errors.ts';
import { useSession } from '../data/session.ts';
import { faultOf, uploadPhoto } from '../data/upload.ts';
import { ImageIcon } from './icons.tsx';
import { useToasts } from './toasts.tsx';

interface Photo {
  id: number;
  file: File;
  /** To look at before it is stored. */
  previewUrl: string;
  /** How much has been sent, from 0 to 1. */
  sent: number;
  assetId: string | null;
  fault: string | null;
}

let lastId = 0;

interface Photos {
  photos: Photo[];
  add: (files: Iterable<File>) => void;
  remove: (id: number) => void;
  again: (id: number) => void;
}

export function usePhotos(projectId: string): Photos {
  const { doppel } = useSession();
  const toasts = useToasts();
  const [photos, setPhotos] = useState<Photo[]>([]);
  const endings = useRef(new Map<number, AbortController>());
  useEffect(() => {
    const { current } = endings;
    return () => {
      for (const ending of current.values()) ending.abort();
    };
  }, []);

  const change = (id: number, changed: Partial<Photo>) => {
    setPhotos((all) => all.map((photo) => (photo.id === id ? { ...photo, ...changed } : photo)));
  };

  const send = async ({ id, file }: Photo) => {
    const ending = new AbortController();
    endings.current.set(id, ending);
    const onProgress = (sent: number) => {
      change(id, { sent });
    };
    try {
      const { assetId } = await uploadPhoto(doppel, projectId, file, { signal: ending.signal, onProgress });
      change(id, { assetId, sent: 1 });
    } catch (error) {
      if (!ending.signal.aborted) change(id, { fault: wordsOf(error) });
    } finally {
      endings.current.delete(id);
    }
  };

  return {
    photos,
    add(files: Iterable<File>) {
      const room = listLimits.assetIds - photos.length;
      const taken = [...files].slice(0, room);
      if (taken.length < [...files].length) toasts.warn(`At most ${String(listLimits.assetIds)} photos.`);
      const added = taken.map((file): Photo => {
        return {
          id: ++lastId,
          file,
          previewUrl: URL.createObjectURL(file),
          sent: 0,
          assetId: null,
          fault: faultOf(file),
        };
      });
      setPhotos((all) => [...all, ...added]);
      for (const photo of added) if (photo.fault === null) void send(photo);
    },
    remove(id: number) {
      endings.current.get(id)?.abort();
      const removed = photos.find((photo) => photo.id === id);
      if (removed !== undefined) URL.revokeObjectURL(removed.previewUrl);
      setPhotos((all) => all.filter((photo) => photo.id !== id));
    },
    again(id: number) {
      const photo = photos.find((one) => one.id === id);
      if (photo === undefined) return;
      change(id, { fault: null, sent: 0 });
      void send(photo);
    },
  };
}

export function PhotoDrop({ photos, add, remove, again }: Photos) {
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section
      class={isOver ? 'drop over' : 'drop'}
      aria-label="Photos"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer?.files ?? []);
      }}
    >
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        aria-label="Photos of the person"
        tabIndex={-1}
        accept={pictureTypes.join(',')}
        multiple
        onChange={({ currentTarget }) => {
          add(currentTarget.files ?? []);
          currentTarget.value = ''; // so that the same file can be chosen again
        }}
      />
      <div class="drop-words">
        <ImageIcon />
        <p>
          Drop photos of the person here, or{' '}
          <button type="button" class="link" onClick={() => input.current?.click()}>
            choose them
          </button>
          . <span class="faint">PNG, JPEG or WebP, up to 20 MB each.</span>
        </p>
      </div>
      {photos.length > 0 && (
        <ul class="photos">
          {photos.map(({ id, file, previewUrl, sent, assetId, fault }) => (
            <li key={id} class={fault === null ? 'photo' : 'photo faulty'}>
              <img src={previewUrl} alt={file.name} />
              {fault === null && assetId === null && (
                <progress value={sent} max={1} aria-label={`${file.name}: sent`}>
                  {Math.round(sent * 100)} %
                </progress>
              )}
              <p class="photo-state">
                {fault ?? (assetId !== null ? 'Ready' : sent < 1 ? `${String(Math.round(sent * 100))} %` : 'Checking…')}
              </p>
              {fault !== null && faultOf(file) === null && (
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    again(id);
                  }}
                >
                  Try again
                </button>
              )}
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove ${file.name}`}
                onClick={() => {
                  remove(id);
                }}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
