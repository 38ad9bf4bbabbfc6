export { collectStorage } from './collect-storage.ts';
export { housekeeping } from './housekeeping.ts';
export { influencerCreate } from './influencer-create.ts';
export { webhookDelivery } from './webhook-delivery.ts';
