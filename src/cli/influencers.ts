import type { Command } from 'commander';
import type { CloneInfluencer, CreateInfluencer, Influencer, JobEnvelope } from '../client/index.ts';
import { visibleStatuses } from '../domain/influencer.ts';
import { identity } from '../schemas/identity.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { addFields, fieldsIn } from './fields.ts';
import { uploadPhotos } from './media.ts';
import { choices, firstOf, projectOf, withLimit, withProject, withWaiting, type WaitingOptions } from './options.ts';
import { changing, inSession, reading, type Session, type Shell } from './session.ts';
import { sheet, table } from './table.ts';
import { saveImages, watchJob } from './watch-job.ts';

const fields = identity.properties;

/** A job that has begun: told as it is, or watched to its end. */
export async function goOn(session: Session, job: JobEnvelope, options: WaitingOptions): Promise<ExitCode> {
  if (options.wait === true) return watchJob(session, job.jobId, options);
  session.answer(job, sheet({ Influencer: job.influencerId, Job: job.jobId }));
  session.say(`  doppel jobs watch ${job.jobId}`);
  return exitCodes.done;
}

/** Trouble to rehearse, for those who have a test key. */
const simulating = (command: Command): Command =>
  command.option('--simulate <trouble>', 'with a test key, as fail_shot=3 or delay_ms=2000: what is to go wrong');

export function addInfluencerCommands(program: Command, shell: Shell): void {
  const influencers = program.command('influencers').description('the people, through the API');

  withLimit(withProject(reading(influencers.command('list'))))
    .description('list the influencers of a project, the newest first')
    .addOption(choices('--status <status>', 'only these; may be repeated', visibleStatuses))
    .option('--cloned-from <id>', 'only clones of this one')
    .action(
      inSession(shell, async (session, options: ListOptions) => {
        const { limit, project, status, clonedFrom } = options;
        const filters = { ...(status && { status }), ...(clonedFrom && { clonedFrom }) };
        const list = session.doppel.influencers.list(await projectOf(session, project), filters);
        const items = await firstOf(list, limit);
        const rows = items.map((one) => [one.influencerId, one.status, one.name, one.createdAt]);
        session.answer(items, table(['INFLUENCER', 'STATUS', 'NAME', 'CREATED'], rows));
        return exitCodes.done;
      }),
    );

  reading(influencers.command('get'))
    .description('show one')
    .argument('<influencer>', 'its id')
    .option('--download <folder>', 'put its images there, and tell their paths')
    .action(
      inSession(shell, async (session, influencerId: string, { download }: { download?: string }) => {
        const influencer = await session.doppel.influencers.get(influencerId);
        const images = influencer.referenceImages.map(({ shot, assetId, url }) => ({ name: shot ?? assetId, url }));
        const places =
          download === undefined
            ? images.map(({ name, url }) => `  ${name.padEnd(14)}${url}`)
            : await saveImages(images, download);
        session.answer(influencer, [inWords(influencer), ...places].join('\n'));
        return exitCodes.done;
      }),
    );

  addFields(simulating(withWaiting(withProject(changing(influencers.command('create'))))), fields)
    .description('make an influencer, and render its images')
    .requiredOption('--name <name>', 'display name')
    .option('--photo <files...>', 'photos of the person to start from')
    .action(
      inSession(shell, async (session, options: CreateOptions) => {
        const projectId = await projectOf(session, options.project);
        const photos = await uploadPhotos(session, projectId, options.photo ?? []);
        const assetIds = photos.map(({ assetId }) => assetId);
        const body = {
          name: options.name,
          ...fieldsIn(options, fields),
          ...(assetIds.length === 0 ? {} : { referenceImages: { assetIds } }),
        } as CreateInfluencer; // what it may be, the API says
        return goOn(
          session,
          await session.doppel.influencers.create(projectId, body, jobOptions(session, options)),
          options,
        );
      }),
    );

  addFields(simulating(withWaiting(changing(influencers.command('clone')))), fields)
    .description('copy an influencer with what you change, and render its images')
    .argument('<influencer>', 'the one to copy')
    .requiredOption('--name <name>', 'display name of the clone')
    .option('--new-influencer-id <id>', 'your own id for the clone')
    .action(
      inSession(shell, async (session, influencerId: string, options: CloneOptions) => {
        const { name, newInfluencerId } = options;
        const overrides = fieldsIn(options, fields) as CloneInfluencer['overrides']; // what it may be, the API says
        const body = { name, ...(newInfluencerId && { newInfluencerId }), ...(overrides && { overrides }) };
        return goOn(
          session,
          await session.doppel.influencers.clone(influencerId, body, jobOptions(session, options)),
          options,
        );
      }),
    );

  changing(influencers.command('delete'))
    .description('delete one; its running job is canceled')
    .argument('<influencer>', 'its id')
    .option('--reason <text>', 'why, for your own records')
    .action(
      inSession(shell, async (session, influencerId: string, { reason }: { reason?: string }) => {
        const options = { ...session.change, ...(reason && { reason }) };
        const deleted = await session.doppel.influencers.delete(influencerId, options);
        session.answer(deleted, `${deleted.influencerId} is deleted`);
        return exitCodes.done;
      }),
    );
}

interface ListOptions {
  limit: number;
  project?: string;
  status?: (typeof visibleStatuses)[number][];
  clonedFrom?: string;
}

interface CreateOptions extends WaitingOptions, Record<string, unknown> {
  simulate?: string;
  name: string;
  project?: string;
  photo?: string[];
}

interface CloneOptions extends WaitingOptions, Record<string, unknown> {
  simulate?: string;
  name: string;
  newInfluencerId?: string;
}

const jobOptions = ({ change }: Session, { simulate }: { simulate?: string }) => ({
  ...change,
  ...(simulate && { simulate }),
});

function inWords(influencer: Influencer): string {
  const { influencerId, name, status, errorMessage, jobId, createdAt, attributes } = influencer;
  const described = Object.keys(fields).map((field) => {
    const value = influencer[field as keyof typeof fields];
    return [field, value === null || typeof value === 'string' ? value : JSON.stringify(value)] as const;
  });
  return sheet({
    influencerId,
    name,
    status,
    errorMessage,
    ...Object.fromEntries(described),
    clonedFrom: attributes.clonedFrom?.influencerId,
    jobId,
    createdAt,
  });
}
