// A workflow that is nothing but one drawing, which the studio is asked for as a job asks for it.

import { proxyActivities } from '@temporalio/workflow';
import type { Drawn } from '../../activities/draw-shot.ts';
import type { Activities } from '../../activities/index.ts';
import { drawing } from '../../workflows/activity-options.ts';

const { drawShot } = proxyActivities<Activities>(drawing.studio);

export const drawOne = (order: Parameters<Activities['drawShot']>[0]): Promise<Drawn> => drawShot(order);
