import Type, { type Static } from 'typebox';
import { assetKinds, mediaLimits, pictureTypes, uploadUrlMinutes } from '../domain/media.ts';
import { idInput, idOutput, patternMeanings, strict, text, time } from './text.ts';

const hexPattern = '^[0-9a-fA-F]{64}$';
const base64Pattern = '^[A-Za-z0-9+/]+={0,2}$';
patternMeanings.set(hexPattern, 'must be a SHA-256 in hex, 64 characters');
patternMeanings.set(base64Pattern, 'must be base64 with the alphabet of RFC 4648, section 4');

const kind = Type.Enum([...assetKinds], { description: 'What the picture is for.' });
const mimeType = (description: string) => Type.Enum([...pictureTypes], { description });
const checksum = (description: string) => Type.String({ pattern: hexPattern, description });
const filename = Type.Optional(
  text(mediaLimits.filename, 'What you call the file; kept beside it.', { minLength: 1, examples: ['ava.jpg'] }),
);

export const presignUploadBody = Type.Object(
  {
    kind,
    mimeType: mimeType('The Content-Type that the bytes are sent with. What they are, they say themselves.'),
    filename,
    sizeBytes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: mediaLimits.uploadBytes,
        description: 'How many bytes will come; no other number is taken then.',
      }),
    ),
    checksumSha256: Type.Optional(
      checksum('SHA-256 of the bytes that will come, in hex; checked when you finalize, at the latest.'),
    ),
  },
  {
    ...strict,
    title: 'PresignUpload',
    examples: [{ kind: 'reference_image', mimeType: 'image/jpeg', filename: 'ava.jpg' }],
  },
);

export const upload = Type.Object(
  {
    uploadId: idOutput('upl_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The upload.'),
    url: Type.String({
      format: 'uri',
      description: `Where to send the bytes, without a key: at the API, or where they are kept, for ${String(uploadUrlMinutes)} minutes. Until you finalize, sending again replaces them.`,
    }),
    method: Type.Enum(['PUT']),
    headers: Type.Record(Type.String(), Type.String(), {
      description:
        'Headers to send the bytes with, as they are; beside them goes the Content-Length, as every client says it.',
    }),
    expiresAt: time('Until when the URL takes them.'),
  },
  { ...strict, title: 'Upload' },
);

export const finalizeUploadBody = Type.Object(
  {
    uploadId: idInput('upload', 'The upload, with its bytes sent.'),
    checksumSha256: Type.Optional(checksum('SHA-256 of the bytes that you sent, in hex.')),
  },
  { ...strict, title: 'FinalizeUpload', examples: [{ uploadId: 'upl_01JMB9G3W6X5Q2R8T4V7Y0Z1AB' }] },
);

/** A picture of 8 × 8 pixels. */
const exampleBase64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAEUlEQVQI12MwTpuJFTEMLQkAyvtMgRDzNJ8AAAAASUVORK5CYII=';

export const createMediaBody = Type.Object(
  {
    kind,
    mimeType: mimeType('What you take it for. What it is, the bytes say themselves.'),
    dataBase64: Type.String({
      minLength: 4,
      maxLength: Math.ceil(mediaLimits.inlineBytes / 3) * 4,
      pattern: base64Pattern,
      contentEncoding: 'base64',
      description: 'The file, at most 256 KB, as base64 with padding. Larger ones are uploaded: presign and finalize.',
    }),
    filename,
  },
  {
    ...strict,
    title: 'CreateMedia',
    examples: [{ kind: 'image', mimeType: 'image/png', dataBase64: exampleBase64 }],
  },
);

const pictureUrl = Type.String({
  format: 'uri',
  description:
    'Signed; stays the same within an hour, and at least one hour is left when it is handed out. It may redirect to where the bytes are (302): follow that, and keep this URL.',
});

export const asset = Type.Object(
  {
    assetId: idOutput('ast_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'The asset.'),
    projectId: idOutput('prj_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Its project.'),
    kind,
    mimeType: mimeType('What the picture is, whatever it was called.'),
    width: Type.Integer({ minimum: 1, description: 'In pixels, upright.' }),
    height: Type.Integer({ minimum: 1, description: 'In pixels, upright.' }),
    sizeBytes: Type.Integer({ minimum: 1, description: 'Of the picture as it is stored.' }),
    checksumSha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'Of the picture as it is stored, in hex.' }),
    url: pictureUrl,
    thumbnailUrl: pictureUrl,
    createdAt: time('When it was stored.'),
  },
  { ...strict, title: 'Asset' },
);
export type Asset = Static<typeof asset>;
