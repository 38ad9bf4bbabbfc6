import { StartError } from '../start-error.ts';

/** Gives a setting that this command cannot do without; throws a `StartError` when the environment lacks it. */
export function requireSetting<Value>(name: string, value: Value | null): Value {
  if (value === null) throw new StartError(`${name} is not set; .env.example says what it is.`);
  return value;
}
