import Type from 'typebox';
import { nullable, strict } from './text.ts';

/** What every list takes beside its filters; its longest page has `maxLimit` items, and a page `preset` where none are said. */
export const pageQuery = (maxLimit: number, preset = 25) => ({
  limit: Type.Integer({
    minimum: 1,
    maximum: maxLimit,
    default: preset,
    description: 'How many items a page has at most.',
  }),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description:
        'The `nextCursor` of the page before, with the same filters; left out, the list begins at the newest.',
    }),
  ),
});

/** A page of a list. */
export const pageOf = <Item extends Type.TSchema>(item: Item, title: string) =>
  Type.Object(
    {
      items: Type.Array(item, { description: 'Newest first.' }),
      nextCursor: nullable(Type.String({ description: 'Where the next page begins; null on the last one.' })),
    },
    { ...strict, title },
  );
