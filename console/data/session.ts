// Who is signed in. The key is kept for this tab alone: the browser forgets it when the tab is closed.

import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { DoppelClient, type Caller } from '../../src/client/index.ts';
import { allows, type Scope } from '../../src/domain/scopes.ts';

export interface Session {
  doppel: DoppelClient;
  caller: Caller;
  /** Whether the key may do what asks for this scope. */
  may: (scope: Scope) => boolean;
  signOut: () => void;
}

const storageName = 'doppel.apiKey';

export const keptKey = (): string | null => sessionStorage.getItem(storageName);

export const forgetKey = (): void => {
  sessionStorage.removeItem(storageName);
};

/** Asks the API whose key it is, and keeps one that is good; throws what the API said of another. */
export async function signIn(apiKey: string, signOut: () => void): Promise<Session> {
  // Somebody looks on: rather told soon that it does not work than kept waiting.
  const doppel = new DoppelClient({ baseUrl: location.origin, apiKey, maxRetries: 2, maxWaitMs: 4_000 });
  const caller = await doppel.whoAmI();
  sessionStorage.setItem(storageName, apiKey);
  return { doppel, caller, signOut, may: (scope) => allows(caller.scopes, scope) };
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new TypeError('nobody is signed in');
  return session;
}
