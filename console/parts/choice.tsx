interface Props<Name extends string> {
  /** What is chosen, for screen readers. */
  label: string;
  choices: readonly Name[];
  chosen: Name;
  onChoose: (name: Name) => void;
}

/** One of a few, side by side. */
export const Choice = <Name extends string>({ label, choices, chosen, onChoose }: Props<Name>) => (
  <div class="choice" role="group" aria-label={label}>
    {choices.map((name) => (
      <button
        key={name}
        type="button"
        aria-pressed={name === chosen}
        onClick={() => {
          onChoose(name);
        }}
      >
        {name}
      </button>
    ))}
  </div>
);
