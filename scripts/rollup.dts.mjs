// Bundles the public types of lib/index.ts into index.d.ts.

import dts from 'rollup-plugin-dts';

const banner = '// GENERATED from lib/ by `npm run build:types`: do not edit.';

export default {
  input: 'lib/index.ts',
  output: { file: 'index.d.ts', format: 'es', banner },
  external: [/^node:/, /native\.js$/],
  plugins: [dts({ tsconfig: 'tsconfig.json' })],
};
