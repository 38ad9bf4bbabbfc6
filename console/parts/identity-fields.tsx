// The fields that make a person, as a form. Which there are, and what they may be, the API's schema says.

import { identitySchema, type FieldSchema } from 'virtual:request-schemas';
import type { Influencer } from '../../src/client/index.ts';
import { issueAt, type Issues } from '../data/checks.ts';
import { title } from '../data/words.ts';
import { Field } from './field.tsx';
import { TextList } from './text-list.tsx';

type Value = string | string[];
/** What was filled in; a field that is empty is not there. */
export type Draft = Record<string, Value | Record<string, Value>>;

interface Props {
  draft: Draft;
  onChange: (draft: Draft) => void;
  issues: Issues;
  /** Where the fields are in the body: `overrides.`, or nowhere else. */
  at?: string;
  /** Who is copied: what they have stands beside each field, and an empty field keeps it. */
  source?: Influencer;
}

const fieldsOf = (schema: FieldSchema | { properties: Record<string, FieldSchema> }) =>
  Object.entries(schema.properties ?? {});

const withField = <Map extends Record<string, unknown>>(map: Map, name: string, value: Map[string]): Map => {
  const isEmpty = value === '' || (typeof value === 'object' && Object.keys(value as object).length === 0);
  const { [name]: _, ...others } = map;
  return (isEmpty ? others : { ...others, [name]: value }) as Map;
};

export function IdentityFields({ draft, onChange, issues, at = '', source }: Props) {
  const groups = fieldsOf(identitySchema).filter(([, { properties }]) => properties !== undefined);
  const plain = fieldsOf(identitySchema).filter(([, { properties }]) => properties === undefined);
  const sourceOf = (name: string) => source?.[name as keyof Influencer] as Sourced;
  return (
    <>
      <fieldset class="fields">
        <legend>Identity</legend>
        {plain.map(([name, schema]) => (
          <IdentityField
            key={name}
            {...{ name, schema }}
            value={draft[name] as Value | undefined}
            issue={issueAt(issues, at + name)}
            isClone={source !== undefined}
            sourced={sourceOf(name)}
            onChange={(value) => {
              onChange(withField(draft, name, value));
            }}
          />
        ))}
      </fieldset>
      {groups.map(([group, groupSchema]) => {
        const values = (draft[group] ?? {}) as Record<string, Value>;
        const sourced = sourceOf(group) as Record<string, Sourced> | null | undefined;
        return (
          <fieldset key={group} class="fields">
            <legend>{title(group)}</legend>
            {fieldsOf(groupSchema).map(([name, schema]) => (
              <IdentityField
                key={name}
                {...{ name, schema }}
                value={values[name]}
                issue={issueAt(issues, `${at}${group}.${name}`)}
                isClone={source !== undefined}
                sourced={sourced?.[name]}
                onChange={(value) => {
                  onChange(withField(draft, group, withField(values, name, value)));
                }}
              />
            ))}
          </fieldset>
        );
      })}
    </>
  );
}

type Sourced = Value | Record<string, unknown> | null | undefined;

interface FieldProps {
  name: string;
  schema: FieldSchema;
  value: Value | undefined;
  issue: string | undefined;
  isClone: boolean;
  sourced: Sourced;
  onChange: (value: Value) => void;
}

function IdentityField({ name, schema, value, issue, isClone, sourced, onChange }: FieldProps) {
  const had = Array.isArray(sourced) ? sourced.map(String) : typeof sourced === 'string' ? sourced : undefined;
  const isChanged = isClone && value !== undefined;
  const example = schema.examples?.[0];
  return (
    <Field
      label={title(name)}
      hint={isClone ? undefined : schema.description}
      {...{ issue, isChanged }}
      beside={
        isClone && (
          <Sourced
            had={had}
            isChanged={isChanged}
            onRevert={() => {
              onChange('');
            }}
            onTake={() => {
              onChange(had ?? '');
            }}
          />
        )
      }
    >
      {(attributes) => {
        const placeholder = isClone ? 'Same as the source' : example && `e.g. ${example}`;
        if (schema.type === 'array') {
          return (
            <TextList {...{ attributes, placeholder }} values={Array.isArray(value) ? value : []} onChange={onChange} />
          );
        }
        const text = typeof value === 'string' ? value : '';
        if (schema.enum !== undefined) {
          return (
            <select
              {...attributes}
              value={text}
              onChange={({ currentTarget }) => {
                onChange(currentTarget.value);
              }}
            >
              <option value="">{isClone ? 'Same as the source' : 'Not said'}</option>
              {schema.enum.map((choice) => (
                <option key={choice} value={choice}>
                  {title(choice)}
                </option>
              ))}
            </select>
          );
        }
        const control = {
          ...attributes,
          ...{ value: text, placeholder },
          onInput: ({ currentTarget }: { currentTarget: { value: string } }) => {
            onChange(currentTarget.value);
          },
        };
        return (schema.maxLength ?? 0) > 256 ? <textarea rows={3} {...control} /> : <input {...control} />;
      }}
    </Field>
  );
}

interface SourcedProps {
  had: Value | undefined;
  isChanged: boolean;
  onRevert: () => void;
  onTake: () => void;
}

/** What the source has in a field, and the ways between it and a change. */
function Sourced({ had, isChanged, onRevert, onTake }: SourcedProps) {
  const isNothing = had === undefined || had.length === 0;
  return (
    <div class="sourced">
      <span class={isNothing ? 'faint' : isChanged ? 'replaced' : ''}>
        {isNothing ? 'not said' : typeof had === 'string' ? had : had.join(', ')}
      </span>
      {isChanged ? (
        <button type="button" class="link" onClick={onRevert}>
          Revert
        </button>
      ) : (
        !isNothing && (
          <button type="button" class="link" onClick={onTake}>
            Edit
          </button>
        )
      )}
    </div>
  );
}
