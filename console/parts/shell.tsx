import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Link, useLocation, useRoute } from 'wouter-preact';
import { useProjects } from '../data/lists.ts';
import { useSession } from '../data/session.ts';
import { BookIcon, FolderIcon, JobsIcon, KeyIcon, OutIcon, PeopleIcon, SunIcon, WebhookIcon } from './icons.tsx';
import { Logo } from './logo.tsx';

const projectName = 'doppel.project';

/** The project that was looked at last in this browser, where the key sees it; else the newest one. */
export function useCurrentProject(): string | null {
  const [, params] = useRoute('/projects/:projectId/*?');
  const { items = [] } = useProjects();
  const last = localStorage.getItem(projectName);
  return params?.projectId ?? items.find(({ id }) => id === last)?.id ?? items[0]?.id ?? null;
}

/** What is around each page: where one is, and where one may go. */
export function Shell({ children }: { children: ComponentChildren }) {
  const { caller, may, signOut } = useSession();
  const [, params] = useRoute('/projects/:projectId/*?');
  const shownProject = params?.projectId;
  useEffect(() => {
    if (shownProject !== undefined) localStorage.setItem(projectName, shownProject);
  }, [shownProject]);
  const project = useCurrentProject();
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <Link href="/" class="brand">
          <Logo />
          Doppel
        </Link>
        <ProjectChoice current={project} />
        <nav aria-label="Main">
          {project !== null && (
            <Place href={`/projects/${project}`} icon={<PeopleIcon />} also="/influencers">
              Influencers
            </Place>
          )}
          <Place href="/projects" icon={<FolderIcon />} isExact>
            Projects
          </Place>
          <Place href="/jobs" icon={<JobsIcon />}>
            Jobs
          </Place>
          {may('webhooks:read') && (
            <Place href="/webhooks" icon={<WebhookIcon />}>
              Webhooks
            </Place>
          )}
          <Place href="/keys" icon={<KeyIcon />}>
            Keys
          </Place>
        </nav>
        <div class="bar-foot">
          <p class="account">
            {caller.organizationName}
            <span class={`environment ${caller.environment}`}>{caller.environment}</span>
          </p>
          <div class="bar-tools">
            <a class="icon-button" href="/docs" aria-label="API documentation" title="API documentation">
              <BookIcon />
            </a>
            <ThemeButton />
            <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick={signOut}>
              <OutIcon />
            </button>
          </div>
        </div>
      </header>
      <OfflineBanner />
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

interface PlaceProps {
  href: string;
  icon: ComponentChildren;
  children: ComponentChildren;
  /** Another beginning of addresses that belong here. */
  also?: string;
  isExact?: boolean;
}

function Place({ href, icon, children, also, isExact = false }: PlaceProps) {
  const [location] = useLocation();
  const isInside = (place: string) => location === place || (!isExact && location.startsWith(`${place}/`));
  const isHere = isInside(href) || (also !== undefined && isInside(also));
  return (
    <Link href={href} class="place" aria-current={isHere ? 'page' : undefined}>
      {icon}
      <span>{children}</span>
    </Link>
  );
}

function ProjectChoice({ current }: { current: string | null }) {
  const { items = [] } = useProjects();
  const [, go] = useLocation();
  if (items.length === 0) return null;
  return (
    <select
      class="project-choice"
      aria-label="Project"
      value={current ?? ''}
      onChange={({ currentTarget }) => {
        go(`/projects/${currentTarget.value}`);
      }}
    >
      {current === null && <option value="">Choose a project</option>}
      {items.map(({ id, name, status }) => (
        <option key={id} value={id}>
          {status === 'archived' ? `${name} (archived)` : name}
        </option>
      ))}
    </select>
  );
}

const themeName = 'doppel.theme';

/** Light or dark as the system says, until somebody says otherwise. */
export function applyTheme(theme = localStorage.getItem(themeName)): void {
  if (theme === null) document.documentElement.style.removeProperty('color-scheme');
  else document.documentElement.style.setProperty('color-scheme', theme);
}

function ThemeButton() {
  const turn = () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme.startsWith('dark');
    const isDarkSystem = matchMedia('(prefers-color-scheme: dark)').matches;
    const theme = (localStorage.getItem(themeName) === null ? isDarkSystem : isDark) ? 'light' : 'dark';
    localStorage.setItem(themeName, theme);
    applyTheme(theme);
  };
  return (
    <button type="button" class="icon-button" aria-label="Light or dark" title="Light or dark" onClick={turn}>
      <SunIcon />
    </button>
  );
}

function OfflineBanner() {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => {
      setOnline(navigator.onLine);
    };
    addEventListener('online', look);
    addEventListener('offline', look);
    return () => {
      removeEventListener('online', look);
      removeEventListener('offline', look);
    };
  }, []);
  if (isOnline) return null;
  return (
    <p class="offline" role="alert">
      You are offline. What you see is as it was; it goes on by itself when the network is back.
    </p>
  );
}
