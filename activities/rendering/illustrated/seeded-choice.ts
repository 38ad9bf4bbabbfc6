// How a seed decides what an identity leaves open. Each field is decided by itself, so that stating one field moves no other.
import { createHash } from 'node:crypto';

/** Returns a number in [0, 1) that depends on the seed and the field alone. */
export function shareOf(seed: string, field: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify([seed, field]))
    .digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/**
 * Orders options by what the seed thinks of each of them (rendezvous hashing): an option's rank against another does not
 * depend on which others are offered, so a shorter or longer list seldom changes the favourite.
 */
export function rankedBy<Option extends string>(
  seed: string,
  field: string,
  options: readonly Option[],
): readonly Option[] {
  return [...new Set(options)]
    .map((option) => ({ option, liking: shareOf(seed, `${field}:${option}`) }))
    .sort((a, b) => b.liking - a.liking || (a.option < b.option ? -1 : 1))
    .map(({ option }) => option);
}

/** Chooses the seed's favourite. */
export function choiceOf<Option extends string>(
  seed: string,
  field: string,
  options: readonly [Option, ...Option[]],
): Option {
  return rankedBy(seed, field, options)[0] ?? options[0];
}
