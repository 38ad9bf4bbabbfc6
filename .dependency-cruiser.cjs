// Who may import whom. Each rule is named after the harm that it prevents; src/*.ts and src/commands are the roots, which
// know every concrete thing.
const types = { dependencyTypesNot: ['type-only'] };
const rings =
  '^src/(domain|schemas|metrics|db|storage|pictures|feed|webhooks|http|endpoints|temporal|embedded|studio|cli|commands)/';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', comment: 'type cycles count too', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'workflows-load-only-pure-code',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { pathNot: ['^workflows/', '^src/domain/', '^node_modules/@temporalio/(workflow|common)/'], ...types },
    },
    {
      name: 'only-the-worker-loads-activities',
      severity: 'error',
      from: {
        pathNot: ['^src/worker(-queues)?\\.ts$', '^src/commands/demo\\.ts$', '^activities/', '^(test|scripts|bench)/'],
      },
      to: { path: '^activities/', ...types },
    },
    {
      name: 'only-the-bundler-loads-workflows',
      severity: 'error',
      from: { pathNot: ['^workflows/', '^test/'] },
      to: { path: '^workflows/', ...types },
    },
    {
      name: 'http-stops-at-endpoints',
      severity: 'error',
      from: {
        path: '^(src/(domain|schemas|db|storage|pictures|feed|webhooks|temporal|embedded)|activities|workflows)/',
      },
      to: { path: '^(src/(http|endpoints)/|node_modules/(@koa|koa)/)' },
    },
    {
      name: 'the-machine-knows-no-endpoint',
      severity: 'error',
      from: { path: '^src/http/' },
      to: { path: '^src/(endpoints|temporal|embedded)/' },
    },
    {
      name: 'endpoints-draw-nothing',
      severity: 'error',
      from: { path: '^src/endpoints/' },
      to: { path: '^(activities/|src/embedded/|node_modules/(sharp|@dicebear)/)' },
    },
    {
      name: 'pictures-are-bytes-in-and-bytes-out',
      severity: 'error',
      from: { path: '^src/pictures/' },
      to: { path: '^(src|activities|workflows)/', pathNot: ['^src/pictures/', '^src/domain/'] },
    },
    {
      name: 'endpoints-are-handed-what-opens-pictures',
      severity: 'error',
      from: { path: '^src/(endpoints|http|schemas|db|storage|temporal)/' },
      to: { path: '^src/pictures/', ...types },
    },
    {
      name: 'the-feed-knows-only-what-happened',
      severity: 'error',
      from: { path: '^src/feed/' },
      to: { path: '^(src|activities|workflows)/', pathNot: '^src/(feed|db|domain)/' },
    },
    {
      name: 'one-feed-a-process',
      severity: 'error',
      comment: 'the root opens it and hands it down',
      from: { path: '^(src/(endpoints|http|schemas|db|storage|temporal)|activities|workflows)/' },
      to: { path: '^src/feed/', ...types },
    },
    {
      name: 'webhooks-are-bytes-to-an-address',
      severity: 'error',
      from: { path: '^src/webhooks/' },
      to: { path: '^(src|activities|workflows)/', pathNot: '^src/(webhooks|domain)/' },
    },
    {
      name: 'only-workers-send-webhooks',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(webhooks/|worker\\.ts$)' },
      to: { path: '^src/webhooks/(send-webhook|guarded-dialler)\\.ts$', ...types },
    },
    {
      name: 'callers-urls-are-dialled-in-one-place',
      severity: 'error',
      comment: 'the guarded dialler looks at each address before it is dialled',
      from: { pathNot: '^(src/webhooks|test|scripts|bench)/' },
      to: { path: '^node_modules/undici/' },
    },
    {
      name: 'metrics-know-nobody',
      severity: 'error',
      from: { path: '^src/metrics/' },
      to: { path: '^(src|activities|workflows)/', pathNot: '^src/metrics/', ...types },
    },
    {
      name: 'metrics-are-made-in-one-place',
      severity: 'error',
      from: { pathNot: '^(src/metrics|test)/' },
      to: { path: '^node_modules/prom-client/' },
    },
    {
      name: 'sql-stays-in-db',
      severity: 'error',
      comment: 'embedded Postgres is asked whether it is ready before there is a pool',
      from: { pathNot: ['^src/db/', '^src/embedded/postgres\\.ts$', '^test/'] },
      to: { path: '^node_modules/(knex|pg)/', ...types },
    },
    {
      name: 'only-s3-storage-loads-the-aws-sdk',
      severity: 'error',
      from: { pathNot: ['^src/storage/s3-storage\\.ts$', '^test/'] },
      to: { path: '^node_modules/@(aws-sdk|smithy)/' },
    },
    {
      name: 's3-storage-is-loaded-when-it-is-configured',
      severity: 'error',
      from: {},
      to: { path: '^src/storage/s3-storage\\.ts$', dynamic: false, ...types },
    },
    {
      name: 'drawing-knows-no-database',
      severity: 'error',
      from: { path: '^activities/rendering/' },
      to: { path: '^src/(db|storage)/' },
    },
    {
      name: 'image-models-are-asked-in-one-place',
      severity: 'error',
      comment: 'their packages are large, and loaded for the one provider that is configured',
      from: { pathNot: '^(activities/rendering/ai|test|scripts|bench)/' },
      to: { path: '^node_modules/(ai|@ai-sdk)/' },
    },
    {
      name: 'no-import-of-roots',
      severity: 'error',
      from: { path: [rings.replace('|commands', ''), '^(activities|workflows)/'] },
      to: { path: '^src/[^/]+\\.ts$', pathNot: '^src/start-error\\.ts$' },
    },
    {
      name: 'the-client-loads-nothing-of-the-service',
      severity: 'error',
      from: { path: '^src/client/' },
      to: { pathNot: '^src/client/', ...types },
    },
    {
      name: 'callers-commands-are-callers',
      severity: 'error',
      comment: 'what they do, anybody can do over the API',
      from: { path: '^src/cli/' },
      to: {
        path: '^(src|activities|workflows|console)/',
        pathNot: ['^src/(cli|client|domain|schemas)/', '^src/start-error\\.ts$'],
      },
    },
    {
      name: 'the-console-is-a-caller',
      severity: 'error',
      comment: 'schemas are compiled into it while it is built',
      from: { path: '^console/', pathNot: '^console/request-schemas\\.ts$' },
      to: {
        path: '^(src|activities|workflows)/',
        pathNot: ['^src/(client|domain)/', '^src/schemas/issues\\.ts$'],
      },
    },
    {
      name: 'the-console-stands-alone',
      severity: 'error',
      comment: 'its own build puts it where the API serves it',
      from: { pathNot: '^console/' },
      to: { path: '^console/' },
    },
    {
      name: 'no-import-of-tests',
      severity: 'error',
      from: { pathNot: '^(test|scripts|bench)/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^bench/others/' }, // programs of others' packages
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
