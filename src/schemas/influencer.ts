import Type, { type Static } from 'typebox';
import { deleteReasonLimit, imageRoles, visibleStatuses } from '../domain/influencer.ts';
import { shots } from '../domain/shots.ts';
import { assetIds, identity, influencerName, personality } from './identity.ts';
import { pageOf, pageQuery } from './list.ts';
import { clearable, eachClearable, eachOrNull, idInput, idOutput, nullable, strict, text, time } from './text.ts';

export const createInfluencerBody = Type.Object(
  {
    name: influencerName,
    influencerId: Type.Optional(idInput('influencer', 'Your own id for the influencer; left out, one is made.')),
    ...identity.properties,
    referenceImages: Type.Optional(Type.Object({ assetIds }, strict)),
  },
  { ...strict, title: 'CreateInfluencer', examples: [{ name: 'Ava Chen', gender: 'female', vibe: 'warm, playful' }] },
);

/** Every create field but the ones that name the row or bring photos, none of them required. */
const overrides = Type.Partial(Type.Omit(createInfluencerBody, ['name', 'influencerId', 'referenceImages']), {
  ...strict,
  title: 'IdentityOverrides',
  description: 'Fields that replace the source’s. `personality` merges key by key; lists replace whole.',
});

export const cloneInfluencerBody = Type.Object(
  {
    name: influencerName,
    newInfluencerId: Type.Optional(
      idInput('influencer', 'Your own id for the clone, so that a repeat cannot make two; left out, one is made.'),
    ),
    overrides: Type.Optional(overrides),
  },
  {
    ...strict,
    title: 'CloneInfluencer',
    examples: [{ name: 'Ava Chen (EU)', overrides: { vibe: 'sharper, more deadpan' } }],
  },
);

/** Every identity field, which null clears; of the personality each key too. */
const identityPatch = {
  ...eachClearable(identity.properties),
  personality: Type.Optional(
    clearable(
      Type.Object(eachClearable(personality.properties), {
        ...strict,
        description:
          'Merges key by key: null clears a key, what is left out stays, a list replaces the list. Null clears it all.',
      }),
    ),
  ),
};

export const updateInfluencerBody = Type.Object(
  { name: Type.Optional(influencerName), ...identityPatch },
  {
    ...strict,
    title: 'UpdateInfluencer',
    minProperties: 1,
    examples: [{ name: 'Ava Chen', vibe: null, personality: { tone: 'dry', humor: null } }],
  },
);

export const deleteInfluencerBody = Type.Object(
  { reason: Type.Optional(text(deleteReasonLimit, 'Why, for your own records.')) },
  { ...strict, title: 'DeleteInfluencer', examples: [{ reason: 'The campaign is over.' }] },
);

export const addReferenceImagesBody = Type.Object(
  { assetIds: { ...assetIds, description: 'Assets of the project, in the order in which they are to be shown.' } },
  { ...strict, title: 'AddReferenceImages', examples: [{ assetIds: ['ast_01JMB9G3W6X5Q2R8T4V7Y0Z1AB'] }] },
);

export const influencersQuery = Type.Object(
  {
    status: Type.Optional(
      Type.Array(Type.Enum([...visibleStatuses]), {
        maxItems: visibleStatuses.length,
        description: 'Only these; may be repeated.',
      }),
    ),
    clonedFrom: Type.Optional(idInput('influencer', 'Only clones of this influencer, which may be deleted since.')),
    ...pageQuery(100),
  },
  strict,
);

const imageUrl = Type.String({
  format: 'uri',
  description:
    'Signed; stays the same within an hour, and at least one hour is left when it is handed out. It may redirect to where the bytes are (302): follow that, and keep this URL.',
});

export const referenceImage = Type.Object(
  {
    assetId: idOutput('ast_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The asset.'),
    url: imageUrl,
    thumbnailUrl: imageUrl,
    width: Type.Integer({ description: 'In pixels.' }),
    height: Type.Integer({ description: 'In pixels.' }),
    shot: nullable(Type.Enum([...shots], { description: 'Null for an uploaded photo.' })),
    origin: Type.Enum(imageRoles.filter((role) => role !== 'starting')),
    addedAt: time('When it was added.'),
  },
  { ...strict, title: 'ReferenceImage' },
);
export type ReferenceImage = Static<typeof referenceImage>;

const attributes = Type.Object(
  {
    referenceImages: Type.Optional(
      Type.Array(referenceImage, { description: 'A clone’s starting set: the source’s images as they were.' }),
    ),
    clonedFrom: Type.Optional(
      Type.Object(
        {
          influencerId: idOutput('inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The source.'),
          name: Type.String({ description: 'Its name at that moment.' }),
          clonedAt: time('That moment.'),
        },
        strict,
      ),
    ),
  },
  strict,
);

const status = Type.Enum([...visibleStatuses], {
  description: '`pending` until rendering has begun (`training`), then `ready` or `failed`.',
});

export const influencer = Type.Object(
  {
    influencerId: idOutput('inf_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The influencer.'),
    projectId: idOutput('prj_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Its project.'),
    name: Type.String({ description: 'Display name.' }),
    ...eachOrNull(identity.properties),
    referenceImages: Type.Array(referenceImage, { description: 'What was uploaded and what was rendered for it.' }),
    thumbnailUrl: nullable(imageUrl),
    attributes,
    status,
    errorMessage: nullable(Type.String({ description: 'Why it is `failed`.' })),
    jobId: idOutput('job_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Its newest job.'),
    createdAt: time('When it was accepted.'),
    updatedAt: time('When it last changed.'),
  },
  { ...strict, title: 'Influencer' },
);
export type Influencer = Static<typeof influencer>;

const { influencerId, name, gender, ageRange, thumbnailUrl, createdAt } = influencer.properties;

export const influencerPage = pageOf(
  Type.Object(
    { influencerId, name, gender, ageRange, status, thumbnailUrl, createdAt },
    { ...strict, title: 'InfluencerListItem' },
  ),
  'InfluencerPage',
);
export type InfluencerListItem = Static<typeof influencerPage>['items'][number];

export const deletedInfluencer = Type.Object(
  { influencerId, status: Type.Literal('deleted'), deletedAt: time('When it was deleted.') },
  { ...strict, title: 'DeletedInfluencer' },
);

export const referenceImages = Type.Object(
  { influencerId, referenceImages: influencer.properties.referenceImages },
  { ...strict, title: 'ReferenceImages' },
);
