import type { ChangeRefusal } from '../../db/influencers.ts';
import { ApiError } from '../../domain/errors.ts';

/** For one that never was, is deleted, or is another organization's or environment's: nobody can tell which. */
export const influencerNotFound = (): ApiError => new ApiError('NOT_FOUND', 'Influencer not found.');

/** Why a change was not made. */
export const refusedChange = (refusal: ChangeRefusal): ApiError =>
  refusal === 'missing'
    ? influencerNotFound()
    : new ApiError('PRECONDITION_FAILED', 'The influencer has another version than If-Match says.');
