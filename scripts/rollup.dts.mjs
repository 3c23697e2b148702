// Bundles the public types (public-types.ts) into index.d.ts.

import dts from 'rollup-plugin-dts';

const banner = '// GENERATED from scripts/public-types.ts by `npm run build:types`: do not edit.';

export default {
  input: 'scripts/public-types.ts',
  output: { file: 'index.d.ts', format: 'es', banner },
  external: [/^node:/],
  plugins: [dts({ tsconfig: 'tsconfig.json' })],
};
