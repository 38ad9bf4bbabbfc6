declare module 'virtual:request-schemas' {
  import type { ValidateFunction } from 'ajv';

  export const createInfluencer: ValidateFunction;
  export const cloneInfluencer: ValidateFunction;
  export const updateInfluencer: ValidateFunction;
  export const createProject: ValidateFunction;
  export const createWebhookEndpoint: ValidateFunction;
  export const createApiKey: ValidateFunction;

  interface FieldSchema {
    type?: string;
    description: string;
    maxLength?: number;
    maxItems?: number;
    enum?: string[];
    examples?: string[];
    items?: { maxLength: number };
    properties?: Record<string, FieldSchema>;
  }

  /** The fields of a person, as the API describes them. */
  export const identitySchema: { properties: Record<string, FieldSchema> };
  /** What a pattern demands, in words. */
  export const patternMeanings: Record<string, string>;
}

declare module '*.css';
