import { useId } from 'preact/hooks';

interface Props<Name extends string> {
  legend: string;
  choices: readonly Name[];
  chosen: readonly Name[];
  onChange: (chosen: Name[]) => void;
  issue?: string | undefined;
}

/** Any of a few. */
export function Boxes<Name extends string>({ legend, choices, chosen, onChange, issue }: Props<Name>) {
  const issueId = useId();
  return (
    <fieldset class="boxes" aria-describedby={issue === undefined ? undefined : issueId}>
      <legend>{legend}</legend>
      {choices.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ currentTarget }) => {
              onChange(choices.filter((one) => (one === name ? currentTarget.checked : chosen.includes(one))));
            }}
          />
          {name}
        </label>
      ))}
      {issue !== undefined && (
        <p class="issue" id={issueId}>
          {legend} {issue}.
        </p>
      )}
    </fieldset>
  );
}
