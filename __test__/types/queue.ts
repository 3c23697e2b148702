// The types of SharedQueue.

import { SharedQueue } from 'threadport';

const q = new SharedQueue<{ id: number }>({ capacity: 1 << 20, codec: 'structured' });
const pushed: boolean = q.tryPush({ id: 1 });
const done: Promise<void> = q.push({ id: 2 }, { signal: AbortSignal.timeout(5) });
const one: { id: number } | undefined = q.tryPop();
const other: { id: number } | null = q.tryPop(null);
const waited: { id: number } | 'none' = q.popSync(10, 'none');
const many: { id: number }[] = q.popMany(5);
const words: Int32Array[] = [q.items, q.space];

async function read(): Promise<void> {
  for await (const { id } of q.unref()) id.toFixed();
}

const dates = SharedQueue.from<Date>(q.buffer, {
  codec: { encode: (date) => new Float64Array([date.getTime()]), decode: (bytes) => new Date(bytes.length) },
});

// @ts-expect-error a value of another type
q.tryPush('text');
const bytes: Uint8Array | undefined = new SharedQueue<Uint8Array>({ codec: 'bytes' }).tryPop();
new SharedQueue<ReturnType<Uint8Array['slice']>>({ codec: 'bytes' });
const anything: unknown = new SharedQueue({ codec: 'bytes' }).tryPop();

// @ts-expect-error what comes out of it are bytes
new SharedQueue<{ id: number }>({ codec: 'bytes' });
// @ts-expect-error no such codec
new SharedQueue({ codec: 'msgpack' });

export { anything, bytes, dates, done, many, one, other, pushed, read, waited, words };
