import { ApiError } from '../../domain/errors.ts';

/** For one that never was, or is another organization's or environment's: nobody can tell which. */
export const jobNotFound = (): ApiError => new ApiError('NOT_FOUND', 'Job not found.');

/** For an organization that has as many jobs queued as it may. */
export const tooManyQueued = (limit: number): ApiError =>
  new ApiError('RATE_LIMITED', `${String(limit)} jobs of this organization are queued already.`, {
    headers: { 'Retry-After': '30' },
    details: { limit: 'queued_jobs' },
  });
