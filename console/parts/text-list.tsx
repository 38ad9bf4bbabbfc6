import { useState } from 'preact/hooks';
import type { ControlAttributes } from './field.tsx';

interface Props {
  attributes: ControlAttributes;
  values: string[];
  onChange: (values: string[]) => void;
  placeholder?: string | undefined;
}

/** A list of short texts: Enter or a comma adds one, Backspace in the empty field takes the last one away. */
export function TextList({ attributes, values, onChange, placeholder }: Props) {
  const [text, setText] = useState('');
  const add = () => {
    const trimmed = text.trim();
    if (trimmed !== '') onChange([...values, trimmed]);
    setText('');
  };
  return (
    <div class="text-list">
      {values.map((value, at) => (
        <span key={`${String(at)} ${value}`} class="chip">
          {value}
          <button
            type="button"
            aria-label={`Remove ${value}`}
            onClick={() => {
              onChange(values.toSpliced(at, 1));
            }}
          >
            ×
          </button>
        </span>
      ))}
      <input
        {...attributes}
        value={text}
        placeholder={values.length === 0 ? (placeholder ?? 'Add with Enter') : 'Add'}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === ',') {
            event.preventDefault();
            add();
          } else if (event.key === 'Backspace' && text === '' && values.length > 0) {
            onChange(values.slice(0, -1));
          }
        }}
        onBlur={add}
      />
    </div>
  );
}
