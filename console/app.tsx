// The console as a whole: who is signed in, and which page an address is.

import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/preact-query';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Redirect, Route, Router, Switch } from 'wouter-preact';
import { hasLostKey, wordsOf } from './data/errors.ts';
import { useProjects } from './data/lists.ts';
import { forgetKey, keptKey, SessionContext, signIn, type Session } from './data/session.ts';
import { Comparison } from './pages/comparison.tsx';
import { Gallery } from './pages/gallery.tsx';
import { InfluencerPage } from './pages/influencer.tsx';
import { JobPage } from './pages/job.tsx';
import { Jobs } from './pages/jobs.tsx';
import { Keys } from './pages/keys.tsx';
import { NewInfluencer } from './pages/new-influencer.tsx';
import { Projects } from './pages/projects.tsx';
import { SignIn } from './pages/sign-in.tsx';
import { WebhookPage } from './pages/webhook.tsx';
import { Webhooks } from './pages/webhooks.tsx';
import { Empty, ErrorNote, LoadingCards } from './parts/notes.tsx';
import { PeopleIcon } from './parts/icons.tsx';
import { Shell, useCurrentProject } from './parts/shell.tsx';
import { ToastProvider } from './parts/toasts.tsx';

type State = { is: 'signing-in' } | { is: 'signed-out'; why: string | null } | { is: 'away'; error: unknown } | Session;

export function App() {
  const [state, setState] = useState<State>(() =>
    keptKey() === null ? { is: 'signed-out', why: null } : { is: 'signing-in' },
  );

  const signOut = useCallback((why: string | null = null) => {
    forgetKey();
    setState({ is: 'signed-out', why });
  }, []);

  // What was read with one key is not shown to another one.
  const queries = useMemo(
    () =>
      new QueryClient({
        queryCache: new QueryCache({
          onError(error) {
            if (hasLostKey(error)) signOut(wordsOf(error));
          },
        }),
        // The client tries again by itself.
        defaultOptions: { queries: { retry: false, staleTime: 2_000 } },
      }),
    [signOut, 'doppel' in state],
  );

  const enter = useCallback(
    async (apiKey: string) => {
      setState(
        await signIn(apiKey, () => {
          signOut();
        }),
      );
    },
    [signOut],
  );

  const resume = useCallback(() => {
    const apiKey = keptKey();
    if (apiKey === null) return;
    enter(apiKey).catch((error: unknown) => {
      if (hasLostKey(error)) signOut(wordsOf(error));
      else setState({ is: 'away', error });
    });
  }, [enter, signOut]);
  useEffect(resume, [resume]);

  if (!('is' in state)) {
    return (
      <QueryClientProvider client={queries}>
        <SessionContext.Provider value={state}>
          <ToastProvider>
            <Router base="/console">
              <Shell>
                <Pages />
              </Shell>
            </Router>
          </ToastProvider>
        </SessionContext.Provider>
      </QueryClientProvider>
    );
  }
  if (state.is === 'signed-out') return <SignIn why={state.why} onSignIn={enter} />;
  if (state.is === 'away') {
    return (
      <main class="alone">
        <ErrorNote error={state.error} onRetry={resume} />
      </main>
    );
  }
  // As the page has it before this program runs.
  return (
    <p class="splash" aria-busy="true">
      <img src="/console/icon.svg" alt="" width="44" height="44" />
      Doppel
    </p>
  );
}

function Home() {
  const { isPending } = useProjects();
  const project = useCurrentProject();
  if (isPending) return <LoadingCards />;
  return <Redirect to={project === null ? '/projects' : `/projects/${project}`} replace />;
}

const Pages = () => (
  <Switch>
    <Route path="/">
      <Home />
    </Route>
    <Route path="/projects">
      <Projects />
    </Route>
    <Route path="/projects/:projectId/new">
      {({ projectId }) => <NewInfluencer key={projectId} projectId={projectId} />}
    </Route>
    <Route path="/projects/:projectId">{({ projectId }) => <Gallery key={projectId} projectId={projectId} />}</Route>
    <Route path="/influencers/:influencerId/source">
      {({ influencerId }) => <Comparison key={influencerId} influencerId={influencerId} />}
    </Route>
    <Route path="/influencers/:influencerId">
      {({ influencerId }) => <InfluencerPage key={influencerId} influencerId={influencerId} />}
    </Route>
    <Route path="/jobs">
      <Jobs />
    </Route>
    <Route path="/jobs/:jobId">{({ jobId }) => <JobPage key={jobId} jobId={jobId} />}</Route>
    <Route path="/webhooks">
      <Webhooks />
    </Route>
    <Route path="/webhooks/:webhookEndpointId">
      {({ webhookEndpointId }) => <WebhookPage key={webhookEndpointId} webhookEndpointId={webhookEndpointId} />}
    </Route>
    <Route path="/keys">
      <Keys />
    </Route>
    <Route>
      <Empty icon={<PeopleIcon />} title="There is no such page">
        The address may have been cut off on its way here.
      </Empty>
    </Route>
  </Switch>
);
