export { housekeeping } from './housekeeping.ts';
export { influencerCreate } from './influencer-create.ts';
