//! `cargo fuzz run ring`: memory of a queue that anybody may have written, and operations on it in between. The input
//! is a list of steps; whatever they do, no panic, no hang, and (under AddressSanitizer) no access outside the memory.
//! `tests/ring.rs` plays a bounded, seeded version of this.
#![no_main]

use std::ptr::NonNull;

use libfuzzer_sys::fuzz_target;
use threadport::layout::HEADER;
use threadport::ring::{Parts, Ring, Word};

const CAPACITY: usize = 256;

fuzz_target!(|steps: &[u8]| {
    let memory = vec![0_u64; (HEADER + CAPACITY) / 8];
    let start = NonNull::from(&*memory).cast::<u8>();
    // SAFETY: the memory outlives the ring.
    let Ok(ring) = (unsafe { Ring::format(start, HEADER + CAPACITY, 0, 0) }) else {
        return;
    };
    for step in steps.as_chunks::<6>().0 {
        let [op, place, value @ ..] = *step;
        match op % 5 {
            0 => {
                let words = (HEADER + CAPACITY) / 4;
                let index = (usize::from(place) | usize::from(op >> 3) << 8) % words;
                // SAFETY: inside the memory; volatile, since the ring looks at it.
                unsafe {
                    let word = start.cast::<u32>().add(index);
                    word.write_volatile(u32::from_ne_bytes(value));
                }
            }
            1 => {
                if let Ok(mut claim) = ring.claim(usize::from(place)) {
                    claim.write(0, &vec![op; usize::from(place)]);
                    if value[0] != 0 {
                        claim.commit(u32::from(value[0]));
                    }
                }
            }
            2 => {
                if let Ok(taken) = ring.take(|_| true) {
                    let mut all = vec![0; taken.record().bytes as usize];
                    taken.read(0, &mut all);
                    read_message(&all);
                }
            }
            3 => {
                let _ = ring.take(|peek| {
                    let mut all = vec![0; usize::from(place)];
                    peek.read(0, &mut all);
                    false
                });
            }
            _ => {
                ring.arm(Word::Items);
                let _ = (ring.len(), ring.bytes_used(), ring.is_closed());
                // SAFETY: as above.
                let _ = unsafe { Ring::attach(start, HEADER + CAPACITY) };
            }
        }
    }
});

/// What is taken for a payload lies inside the record.
fn read_message(record: &[u8]) {
    let parts = record
        .first_chunk()
        .and_then(|header| Parts::unpack(*header, record.len()));
    if let Some(parts) = parts {
        let words = &record[parts.words_at()..][..parts.words];
        let text = &record[parts.text_at()..][..parts.text];
        let blobs = &record[Parts::HEADER..][..4 * parts.blobs];
        let sizes = blobs.as_chunks().0.iter();
        let end = parts.end(sizes.map(|size| u32::from_ne_bytes(*size) as usize));
        assert!(words.len() + text.len() <= end);
    }
}
