declare const value: unique symbol;

/** A reply's body that has been written already, for all who get the same. */
export type Json<Value> = Buffer & { readonly [value]: Value };

export const writeJson = <Value>(body: Value): Json<Value> => Buffer.from(JSON.stringify(body)) as Json<Value>;
