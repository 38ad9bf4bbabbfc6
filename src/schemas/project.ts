import Type, { type Static } from 'typebox';
import { environments } from '../domain/influencer.ts';
import { metadataLimits, projectStatuses, projectTextLimits } from '../domain/project.ts';
import { languageTag, timeZone } from './formats.ts';
import { freeJson } from './free-json.ts';
import { pageOf, pageQuery } from './list.ts';
import { eachClearable, idInput, idOutput, nullable, strict, text, time } from './text.ts';

const projectId = idOutput('prj_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The project.');
const name = text(projectTextLimits.name, 'Display name.', { minLength: 1, examples: ['Spring campaign'] });
const customerExternalId = text(
  projectTextLimits.customerExternalId,
  'What you call the customer that it is for; any number of projects may have the same.',
  { minLength: 1, examples: ['customer-4711'] },
);
const metadata = freeJson(
  metadataLimits,
  `What you want to keep with it: an object of at most ${String(metadataLimits.bytes)} bytes of JSON (in UTF-8, without white
space) and ${String(metadataLimits.depth)} levels. Replaced whole, never merged.`,
  { plan: 'gold' },
);

export const createProjectBody = Type.Object(
  {
    id: Type.Optional(idInput('project', 'Your own id for the project; left out, one is made.')),
    name,
    timezone: timeZone(),
    customerExternalId: Type.Optional(customerExternalId),
    primaryLanguage: Type.Optional(languageTag()),
    metadata: Type.Optional(metadata),
  },
  {
    ...strict,
    title: 'CreateProject',
    examples: [{ name: 'Spring campaign', timezone: 'Europe/Berlin', primaryLanguage: 'de' }],
  },
);

export const updateProjectBody = Type.Object(
  {
    name: Type.Optional(name),
    timezone: Type.Optional(timeZone()),
    ...eachClearable({ customerExternalId, primaryLanguage: languageTag(), metadata }),
    status: Type.Optional(
      Type.Enum(['active'], { description: '`active` undoes archiving; to archive a project, DELETE it.' }),
    ),
  },
  { ...strict, minProperties: 1, title: 'UpdateProject', examples: [{ name: 'Summer campaign' }] },
);

const status = Type.Enum([...projectStatuses], {
  description: 'In an `archived` project nothing can be created or cloned; what is in it can still be read.',
});

export const project = Type.Object(
  {
    id: projectId,
    name: Type.String({ description: 'Display name.' }),
    timezone: Type.String({ description: 'A name of the IANA time zone database.' }),
    customerExternalId: nullable(Type.String({ description: 'What you call the customer that it is for.' })),
    primaryLanguage: nullable(Type.String({ description: 'A BCP 47 language tag.' })),
    metadata: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'Yours; empty where you gave none.',
    }),
    status,
    environment: Type.Enum([...environments], {
      description: 'That of the key which made it: keys of the other environment do not see it.',
    }),
    createdAt: time('When it was made.'),
    updatedAt: time('When it last changed.'),
    archivedAt: nullable(time('When it was archived.')),
  },
  { ...strict, title: 'Project' },
);
export type Project = Static<typeof project>;

export const archivedProject = Type.Object(
  { id: projectId, status: Type.Literal('archived'), archivedAt: time('When it was archived first.') },
  { ...strict, title: 'ArchivedProject' },
);

export const projectsQuery = Type.Object(
  {
    ...pageQuery(200, 50),
    status: Type.Optional(
      Type.Array(Type.Enum([...projectStatuses]), {
        maxItems: 2,
        description: 'Only projects with this status; may be repeated. Left out: all.',
      }),
    ),
    search: Type.Optional(
      text(projectTextLimits.name, 'Only projects whose name has this text in it, whatever the case.', {
        minLength: 1,
      }),
    ),
    customerExternalId: Type.Optional(
      text(projectTextLimits.customerExternalId, 'Only projects of this customer.', { minLength: 1 }),
    ),
  },
  strict,
);

export const projectPage = pageOf(project, 'ProjectPage');
