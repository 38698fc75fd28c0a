// The arrows of the house: a room may import only the rooms named here.
const rooms = {
  'engine/contract': [],
  'engine/math': ['engine/contract'],
  'engine/ops': ['engine/contract', 'engine/math'],
  'engine/backends': ['engine/contract', 'engine/math', 'engine/ops'],
  'engine/model': ['engine/contract', 'engine/math', 'engine/ops'],
  'engine/data': ['engine/contract', 'engine/math'],
  'engine/training': ['engine/contract', 'engine/math', 'engine/ops', 'engine/model', 'engine/data'],
  'engine/evaluation': ['engine/contract', 'engine/math', 'engine/model', 'engine/data'],
  'engine/experiments': ['engine/contract', 'engine/training', 'engine/evaluation', 'engine/model', 'engine/data'],
  'engine/host': ['engine/contract', 'engine/experiments', 'engine/training', 'engine/evaluation', 'engine/data', 'engine/model', 'engine/backends', 'engine/math', 'engine/ops'],
  'electron': ['engine/contract'],
  'renderer': ['engine/contract', 'engine/math'],
};
const escape = (room) => room.replace('/', '\\/');
const forbidden = Object.entries(rooms).map(([room, allowed]) => ({
  name: `${room} imports only ${allowed.join(', ') || 'itself'}`,
  severity: 'error',
  from: { path: `^${escape(room)}/` },
  to: {
    path: '^(engine|electron|renderer|test)/',
    pathNot: [room, ...allowed].map((r) => `^${escape(r)}/`),
    // the renderer may know the bridge's types, never its code
    ...(room === 'renderer' ? { dependencyTypesNot: ['type-only'] } : {}),
  },
}));
module.exports = {
  forbidden: [
    ...forbidden,
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'NiiVue only in the viewer', severity: 'error', from: { path: '^renderer/', pathNot: '^renderer/viewer/' }, to: { path: 'node_modules/@niivue' } },
    { name: 'viewer and charts take props', severity: 'error', from: { path: '^renderer/(viewer|charts)/' }, to: { path: '^renderer/(state|client|screens)/' } },
    { name: 'only client calls the bridge', severity: 'error', from: { path: '^renderer/', pathNot: '^renderer/client/' }, to: { path: '^electron/' } },
    // the exports of @itk-wasm/image-io name a file of types that it does not have
    { name: 'nothing unresolved', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^@itk-wasm/image-io$' } },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' }, enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] } },
};
