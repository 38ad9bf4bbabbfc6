import type { Command } from 'commander';
import type { WebhookDelivery } from '../client/index.ts';
import { deliveryStatuses, webhookEvents } from '../domain/webhook.ts';
import { exitCodes } from './exit-codes.ts';
import { choices, firstOf, withLimit } from './options.ts';
import { changing, inSession, reading, type Shell } from './session.ts';
import { sheet, table } from './table.ts';

type Event = (typeof webhookEvents)[number];

interface CreateOptions {
  event: Event[];
  description?: string;
  project?: string;
}

export function addWebhookCommands(program: Command, shell: Shell): void {
  const webhooks = program.command('webhooks').description('who is told what happens, through the API');

  withLimit(reading(webhooks.command('list')))
    .description('list endpoints, the newest first')
    .action(
      inSession(shell, async ({ doppel, answer }, { limit }: { limit: number }) => {
        const items = await firstOf(doppel.webhookEndpoints.list(), limit);
        const rows = items.map((one) => [one.webhookEndpointId, one.status, one.url, one.events.join(' ')]);
        answer(items, table(['ENDPOINT', 'STATUS', 'URL', 'EVENTS'], rows));
        return exitCodes.done;
      }),
    );

  changing(webhooks.command('create'))
    .description('have a URL told what happens; prints the secret, this once')
    .argument('<url>', 'where to, over https')
    .addOption(choices('--event <event>', 'what it is told; may be repeated', webhookEvents).makeOptionMandatory())
    .option('--description <text>', 'what it is for')
    .option('--project <id>', 'only what happens in this project')
    .action(
      inSession(shell, async ({ doppel, answer, change }, url: string, options: CreateOptions) => {
        const { event: events, description, project } = options;
        const body = { url, events, ...(description && { description }), ...(project && { projectId: project }) };
        const endpoint = await doppel.webhookEndpoints.create(body, change);
        answer(endpoint, sheet({ Endpoint: endpoint.webhookEndpointId, Secret: endpoint.secret }));
        return exitCodes.done;
      }),
    );

  for (const [name, status, description] of [
    ['enable', 'enabled', 'send again, what was held too'],
    ['disable', 'disabled', 'tell it nothing more'],
  ] as const) {
    changing(webhooks.command(name))
      .description(description)
      .argument('<endpoint>', 'its id')
      .action(
        inSession(shell, async ({ doppel, answer, change }, endpointId: string) => {
          answer(await doppel.webhookEndpoints.update(endpointId, { status }, change), `${endpointId} is ${status}`);
          return exitCodes.done;
        }),
      );
  }

  changing(webhooks.command('rotate-secret'))
    .description('give it another secret; the old one signs beside it for a day')
    .argument('<endpoint>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, endpointId: string) => {
        const endpoint = await doppel.webhookEndpoints.rotateSecret(endpointId, change);
        answer(endpoint, sheet({ Endpoint: endpoint.webhookEndpointId, Secret: endpoint.secret }));
        return exitCodes.done;
      }),
    );

  changing(webhooks.command('delete'))
    .description('delete an endpoint')
    .argument('<endpoint>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, endpointId: string) => {
        answer(await doppel.webhookEndpoints.delete(endpointId, change), `${endpointId} is deleted`);
        return exitCodes.done;
      }),
    );

  changing(webhooks.command('test'))
    .description('send it a webhook that says nothing')
    .argument('<endpoint>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, endpointId: string) => {
        const delivery = await doppel.webhookEndpoints.test(endpointId, change);
        answer(delivery, inWords(delivery));
        return exitCodes.done;
      }),
    );

  withLimit(reading(webhooks.command('deliveries')))
    .description('list what it was sent, the newest first')
    .argument('<endpoint>', 'its id')
    .addOption(choices('--status <status>', 'only these; may be repeated', deliveryStatuses))
    .action(
      inSession(
        shell,
        async (
          { doppel, answer },
          endpointId: string,
          { limit, status }: { limit: number; status?: (typeof deliveryStatuses)[number][] },
        ) => {
          const items = await firstOf(
            doppel.webhookEndpoints.deliveries(endpointId, { ...(status && { status }) }),
            limit,
          );
          const rows = items.map((one) => [
            one.deliveryId,
            one.status,
            one.type,
            one.jobId,
            String(one.attempts.at(-1)?.statusCode ?? one.attempts.at(-1)?.error ?? '–'),
            one.createdAt,
          ]);
          answer(items, table(['DELIVERY', 'STATUS', 'TYPE', 'JOB', 'LAST ANSWER', 'CREATED'], rows));
          return exitCodes.done;
        },
      ),
    );

  changing(webhooks.command('redeliver'))
    .description('send one again, with the same id')
    .argument('<delivery>', 'its id')
    .action(
      inSession(shell, async ({ doppel, answer, change }, deliveryId: string) => {
        const delivery = await doppel.webhookDeliveries.redeliver(deliveryId, change);
        answer(delivery, inWords(delivery));
        return exitCodes.done;
      }),
    );
}

const inWords = ({ deliveryId, status, type }: WebhookDelivery): string => `${deliveryId} is ${status} (${type})`;
