// Who makes photographs, and what each is configured by.

/** By the name that stands before the slash in `AI_IMAGE_MODEL`. */
export const imageProviders = {
  openai: { keyVariable: 'OPENAI_API_KEY', needsKey: true, baseUrl: 'https://api.openai.com/v1' },
  google: {
    keyVariable: 'GOOGLE_GENERATIVE_AI_API_KEY',
    needsKey: true,
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  },
  'black-forest-labs': { keyVariable: 'BFL_API_KEY', needsKey: true, baseUrl: 'https://api.bfl.ai/v1' },
  fal: { keyVariable: 'FAL_API_KEY', needsKey: true, baseUrl: 'https://fal.run' },
  replicate: { keyVariable: 'REPLICATE_API_TOKEN', needsKey: true, baseUrl: 'https://api.replicate.com/v1' },
  /** Whoever speaks OpenAI's protocol: only its operator knows where it is, and whether it asks for a key. */
  'openai-compatible': { keyVariable: 'AI_API_KEY', needsKey: false, baseUrl: null },
} as const;

export type ImageProvider = keyof typeof imageProviders;
