import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';

const startToCloseTimeout = '1 minute';
const { step } = proxyLocalActivities({ startToCloseTimeout });
const { draw } = proxyActivities({ startToCloseTimeout, taskQueue: 'shape-drawing' });
const plain = proxyActivities({ startToCloseTimeout });
const six = [1, 2, 3, 4, 5, 6];

/** Two steps, six drawings at once with a step after each, a last step. */
export async function shape() {
  await step();
  await step();
  await Promise.all(six.map((shot) => draw(shot).then(step)));
  await step();
}

async function inTurn() {
  for (const shot of six) await plain.draw(shot);
}
export { inTurn as regular };
