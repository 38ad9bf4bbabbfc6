import Type from 'typebox';
import { errorCodes, type RequestErrorCode } from '../domain/errors.ts';
import { idOutput, strict } from './text.ts';

const requestCodes = Object.entries(errorCodes).flatMap(([code, { status }]) =>
  status === null ? [] : [code as RequestErrorCode],
);

export const errorEnvelope = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.Enum(requestCodes),
        message: Type.String({ description: 'For people; programs decide by `code`.' }),
        requestId: idOutput('req_01JMB9G3W6X5Q2R8T4V7Y0Z1AB', 'Say it when you ask about this error.'),
        details: Type.Optional(
          Type.Object(
            {
              issues: Type.Optional(
                Type.Array(
                  Type.Object(
                    {
                      path: Type.String({ examples: ['body.overrides.vibe', 'path.influencerId'] }),
                      message: Type.String(),
                      keyword: Type.String({ description: 'The JSON Schema keyword that is broken.' }),
                    },
                    strict,
                  ),
                  {
                    description:
                      'For `VALIDATION`: every broken rule, up to 100; of a body with more than 10,000 values the first.',
                  },
                ),
              ),
              required: Type.Optional(
                Type.String({ description: 'For `FORBIDDEN_SCOPE`: the scope that is missing.' }),
              ),
              limit: Type.Optional(
                Type.String({
                  description:
                    'For `RATE_LIMITED`: which limit, a rate class, `queued_jobs` (of your organization) or `failed_authentications` (of your address).',
                  examples: ['queued_jobs'],
                }),
              ),
            },
            { additionalProperties: true },
          ),
        ),
      },
      strict,
    ),
  },
  { ...strict, title: 'Error' },
);
