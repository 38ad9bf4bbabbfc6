export { influencerCreate } from './influencer-create.ts';
