import { short } from '../data/words.ts';
import { CopyIcon } from './icons.tsx';
import { useToasts } from './toasts.tsx';

function useCopy() {
  const toasts = useToasts();
  return (text: string, what: string) => {
    navigator.clipboard.writeText(text).then(
      () => {
        toasts.say(`${what} copied`);
      },
      () => {
        toasts.warn('The browser does not let it be copied.');
      },
    );
  };
}

/** An id in short, which a click copies whole. */
export function Id({ of }: { of: string }) {
  const copy = useCopy();
  return (
    <button
      type="button"
      class="id"
      title={of}
      aria-label={`${short(of)}, copy`}
      onClick={() => {
        copy(of, 'Id');
      }}
    >
      {short(of)}
      <CopyIcon />
    </button>
  );
}

/** A secret that is shown this once. */
export function Secret({ of, name }: { of: string | null; name: string }) {
  const copy = useCopy();
  if (of === null) return <p>It was shown before and is stored nowhere. Rotate it to get another one.</p>;
  return (
    <div class="secret">
      <p>This is the only time that the {name} is shown. Put it where your secrets are.</p>
      <code tabIndex={0}>{of}</code>
      <button
        type="button"
        class="button"
        onClick={() => {
          copy(of, 'Secret');
        }}
      >
        <CopyIcon /> Copy
      </button>
    </div>
  );
}
