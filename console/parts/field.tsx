import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** What connects a control with its label, its hint and what is wrong with it. */
export interface ControlAttributes {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

interface Props {
  label: string;
  hint?: string | undefined;
  issue?: string | undefined;
  isRequired?: boolean;
  /** Beside the control: what the source has. */
  beside?: ComponentChildren;
  isChanged?: boolean;
  children: (attributes: ControlAttributes) => ComponentChildren;
}

/** A labelled control with its hint, and with what is wrong with it where something is. */
export function Field({ label, hint, issue, isRequired = false, beside, isChanged = false, children }: Props) {
  const id = useId();
  const [hintId, issueId] = [`${id}-hint`, `${id}-issue`];
  const described = [...(hint === undefined ? [] : [hintId]), ...(issue === undefined ? [] : [issueId])].join(' ');
  return (
    <div class={`field${isChanged ? ' changed' : ''}`}>
      <label for={id}>
        {label}
        {isRequired && <span class="required"> required</span>}
        {isChanged && <span class="changed-mark"> changed</span>}
      </label>
      {beside}
      {children({
        id,
        'aria-describedby': described === '' ? undefined : described,
        'aria-invalid': issue !== undefined,
      })}
      {hint !== undefined && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
      {issue !== undefined && (
        <p class="issue" id={issueId}>
          {label} {issue}.
        </p>
      )}
    </div>
  );
}
