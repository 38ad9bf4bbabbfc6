// The fields of a request's body as options of a command: the schema says which there are, what they are for and what they may be.

import { InvalidArgumentError, Option, type Command } from 'commander';

interface Field {
  type?: string;
  enum?: readonly unknown[];
  description?: string;
}
type Fields = Readonly<Record<string, object>>;

const optionOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Adds an option for each field: a text as it is, a choice as one of its values, and what has parts as JSON. */
export function addFields(command: Command, fields: Fields): Command {
  for (const [name, field] of Object.entries(fields)) {
    const { type, enum: choices, description = '' }: Field = field;
    const isWhole = type === 'string' || choices !== undefined;
    const option = new Option(`--${optionOf(name)} <${isWhole ? 'text' : 'json'}>`, sentence(description));
    if (choices !== undefined) option.choices(choices.map(String));
    else if (!isWhole) option.argParser(parseJson);
    command.addOption(option);
  }
  return command;
}

/** What was given of the fields. */
export function fieldsIn<Name extends string>(
  options: Readonly<Record<string, unknown>>,
  fields: Readonly<Record<Name, object>>,
): Partial<Record<Name, unknown>> {
  const given = Object.keys(fields).filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]])) as Partial<Record<Name, unknown>>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It is JSON, as {"tone":"dry"}.');
  }
}

/** A schema's description, as help begins its sentences. */
const sentence = (text: string): string => {
  const [first = ''] = text.split(/(?<=\.)\s/);
  return first.replace(/\.$/, '').replace(/^\p{Lu}(?=\p{Ll})/u, (letter) => letter.toLowerCase());
};
