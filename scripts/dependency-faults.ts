// What is wrong with the lock file, by the rules of dependency-rules.ts. It is looked at alone: no network, nothing installed.

import { installScripts, licences, readLicences } from './dependency-rules.ts';

export interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  overrides?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

interface LockedPackage extends Manifest {
  /** There where it is installed under another name than its own. */
  name?: string;
  version?: string;
  resolved?: string;
  integrity?: string;
  license?: string;
  link?: boolean;
  dev?: boolean;
  hasInstallScript?: boolean;
}

export interface LockFile {
  lockfileVersion: number;
  /** By where they lie; the project itself at `''`. */
  packages: Record<string, LockedPackage>;
}

const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** Says what is wrong, in one sentence each that names the package; nothing where all is well. */
export function dependencyFaults(lock: LockFile, manifest: Manifest): string[] {
  const { '': root = {}, ...locked } = lock.packages;
  const packages = Object.entries(locked).map(([path, one]) => ({ ...one, path, name: nameOf(path), alias: one.name }));
  const labelled = ({ name, version }: { name: string; version?: string }) => `${name} ${version ?? '(no version)'}`;
  const faults: string[] = [];

  if (lock.lockfileVersion !== 3) faults.push('package-lock.json is not of version 3: write it with npm 9 or newer.');
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
    const [wanted, held] = [manifest[kind] ?? {}, root[kind] ?? {}];
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(held)])) {
      if (wanted[name] !== held[name]) {
        faults.push(
          `${name} is ${wanted[name] ?? 'not there'} in ${kind} of package.json and ${held[name] ?? 'not there'} in package-lock.json: run npm install.`,
        );
      } else if (!Object.hasOwn(locked, `node_modules/${name}`)) {
        faults.push(`${name} is in package.json, and package-lock.json does not say which one: run npm install.`);
      }
    }
  }
  for (const one of packages) {
    const override = manifest.overrides?.[one.name];
    if (override !== undefined && one.version !== override) {
      faults.push(`${labelled(one)} is not the ${override} that overrides of package.json demands.`);
    }
  }

  for (const one of packages) {
    if (one.link === true) faults.push(`${one.name} is a link to a folder, not a package of the registry.`);
    else if (!sha512.test(one.integrity ?? '')) {
      faults.push(`${labelled(one)} has no sha512 integrity in package-lock.json: nothing says which bytes are meant.`);
    }
    // npm leaves it out for what comes from the registry: `omit-lockfile-registry-resolved` in .npmrc.
    if (one.resolved !== undefined) {
      faults.push(`${labelled(one)} is resolved to ${one.resolved}: it has to come from the registry.`);
    }
    if (one.alias !== undefined) faults.push(`${labelled(one)} is really ${one.alias}, installed under another name.`);
  }

  const withScripts = packages.filter(({ hasInstallScript }) => hasInstallScript === true);
  for (const one of withScripts) {
    if (!Object.hasOwn(installScripts, one.name)) {
      faults.push(`${labelled(one)} has an install script: look what it does, and say so in dependency-rules.ts.`);
    }
  }
  for (const [name, isAllowed] of Object.entries(manifest.allowScripts ?? {})) {
    if (isAllowed && installScripts[name]?.runs !== true) {
      faults.push(
        `${name} may run its install script by allowScripts of package.json, and dependency-rules.ts does not let it.`,
      );
    }
  }

  const inProduction = packages.filter(({ dev }) => dev !== true);
  for (const one of inProduction) {
    const read = readLicences[one.name];
    if (read === undefined ? !isAllowedLicence(one.license ?? '') : read.says !== (one.license ?? null)) {
      faults.push(
        `${labelled(one)} has the licence ${one.license ?? '(none)'}, which dependency-rules.ts does not allow: read it, and add it with the reason.`,
      );
    }
  }

  // A rule that is of nothing would let in what comes back under that name.
  const stale = [
    ...Object.keys(installScripts).filter((name) => !withScripts.some((one) => one.name === name)),
    ...Object.keys(readLicences).filter((name) => !inProduction.some((one) => one.name === name)),
  ];
  for (const name of stale) faults.push(`${name} is in dependency-rules.ts for nothing: package-lock.json has none.`);
  return faults;
}

/** A package's name, from where it lies. */
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** Whether an SPDX expression is met by what is allowed. One with brackets inside, a person has to read. */
function isAllowedLicence(expression: string): boolean {
  const [, choices = expression] = /^\(([^()]*)\)$/.exec(expression) ?? [];
  return choices.split(' OR ').some((choice) => choice.split(' AND ').every((one) => Object.hasOwn(licences, one)));
}
