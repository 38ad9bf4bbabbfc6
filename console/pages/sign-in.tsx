import { useState } from 'preact/hooks';
import { wordsOf } from '../data/errors.ts';
import { Field } from '../parts/field.tsx';
import { Logo } from '../parts/logo.tsx';

interface Props {
  /** Why somebody who was signed in is not any more. */
  why: string | null;
  onSignIn: (apiKey: string) => Promise<void>;
}

export function SignIn({ why, onSignIn }: Props) {
  const [apiKey, setApiKey] = useState('');
  const [issue, setIssue] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    setBusy(true);
    onSignIn(apiKey.trim()).catch((error: unknown) => {
      setIssue(wordsOf(error));
      setBusy(false);
    });
  };
  return (
    <main class="alone">
      <form class="sign-in" onSubmit={submit}>
        <div class="sign-in-head">
          <Logo />
          <h1>Doppel</h1>
          <p class="faint">Synthetic people, and copies of them that stay themselves.</p>
        </div>
        {why !== null && issue === undefined && (
          <p class="note" role="status">
            {why} Sign in again.
          </p>
        )}
        <Field label="API key" hint="It stays in this tab, and is forgotten when you close it.">
          {(attributes) => (
            <input
              {...attributes}
              type="password"
              autoComplete="off"
              placeholder="lp_…"
              required
              autoFocus
              value={apiKey}
              onInput={({ currentTarget }) => {
                setApiKey(currentTarget.value);
              }}
            />
          )}
        </Field>
        {issue !== undefined && (
          <p class="note error" role="alert">
            {issue}
          </p>
        )}
        <button type="submit" class="button primary" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </button>
        <p class="faint">
          <code>npm start</code> prints a key. Who runs the service for you makes others with{' '}
          <code>doppel organizations create-key</code>.
        </p>
      </form>
    </main>
  );
}
