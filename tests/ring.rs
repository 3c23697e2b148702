//! The ring through its public face: one thread against a `VecDeque`, many threads, and hostile memory.
#![cfg(not(loom))]

#[path = "support/shared.rs"]
mod shared;

use proptest::collection::vec;
use proptest::prelude::*;
use shared::Shared;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use threadport::layout::{self, HEADER, MAX_CAPACITY, MIN_CAPACITY};
use threadport::ring::{AttachError, Parts, PopError, PushError, Ring, Stall, Word};

fn push(ring: &Ring, payload: &[u8]) -> Result<bool, PushError> {
    let mut claim = ring.claim(payload.len())?;
    // In two parts, as the binding writes.
    let (first, second) = payload.split_at(payload.len() / 2);
    claim.write(0, first);
    claim.write(first.len(), second);
    Ok(claim.commit(1))
}

fn pop(ring: &Ring) -> Result<Vec<u8>, PopError> {
    let taken = ring.take(|_| true)?;
    let mut payload = vec![0; taken.record().bytes as usize];
    taken.read(0, &mut payload);
    taken.release();
    Ok(payload)
}

fn attach_error(memory: &Shared) -> Option<AttachError> {
    // SAFETY: the memory lives longer than the ring.
    unsafe { Ring::attach(memory.start(), memory.len()) }.err()
}

#[test]
fn attach_takes_what_format_made_and_nothing_else() {
    let memory = Shared::with_capacity(1024);
    assert_eq!(attach_error(&memory), Some(AttachError::NotAQueue));
    memory.format();
    assert_eq!(attach_error(&memory), None);
    assert_eq!(memory.attach().capacity(), 1024);
    memory.put(4, layout::VERSION + 1);
    assert_eq!(attach_error(&memory), Some(AttachError::Version));
    memory.put(4, layout::VERSION);
    for wrong in [0, 8, 512, 1000, 2048, u32::MAX] {
        memory.put(8, wrong);
        assert_eq!(attach_error(&memory), Some(AttachError::Size));
    }
    memory.put(8, 1024);
    memory.put(0, 1);
    assert_eq!(attach_error(&memory), Some(AttachError::NotAQueue));
    assert_eq!(
        attach_error(&Shared::new(HEADER - 8)),
        Some(AttachError::NotAQueue)
    );
}

#[test]
fn format_wants_a_power_of_two_within_the_limits() {
    for data in [0, 8, MIN_CAPACITY / 2, 1000, 1032] {
        let memory = Shared::with_capacity(data);
        // SAFETY: the memory lives longer than the ring.
        let made = unsafe { Ring::format(memory.start(), memory.len(), 0, 0) };
        assert_eq!(made.err(), Some(AttachError::Size));
    }
    let memory = Shared::new(8);
    // SAFETY: refused before the memory is looked at.
    let made = unsafe { Ring::format(memory.start(), HEADER + 2 * MAX_CAPACITY, 0, 0) };
    assert_eq!(made.err(), Some(AttachError::Size));
}

#[test]
fn the_largest_record_fits_wherever_the_ring_stands() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    for start in 0..64_u8 {
        push(&ring, &[start]).unwrap();
        assert_eq!(pop(&ring).unwrap(), [start]);
        let largest = vec![start; 256 - 8];
        push(&ring, &largest).unwrap();
        assert_eq!(push(&ring, &[]), Err(PushError::Full));
        assert_eq!(ring.bytes_used(), 256);
        assert_eq!(pop(&ring).unwrap(), largest);
    }
    assert_eq!(push(&ring, &[0; 249]), Err(PushError::TooLarge));
    assert_eq!(push(&ring, &[0; 5000]), Err(PushError::TooLarge));
}

#[test]
fn closing_lets_consumers_drain() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    push(&ring, b"one").unwrap();
    let claim = ring.claim(3).unwrap();
    ring.close();
    assert_eq!(push(&ring, b"two"), Err(PushError::Closed));
    assert_eq!(pop(&ring).unwrap(), b"one");
    // What was claimed before the close is still to come.
    assert_eq!(pop(&ring), Err(PopError::Empty));
    claim.commit(1);
    assert_eq!(pop(&ring).unwrap().len(), 3);
    assert_eq!(pop(&ring), Err(PopError::Ended));
    assert!(memory.attach().is_closed());
}

#[test]
fn an_abandoned_claim_is_skipped() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    drop(ring.claim(40).unwrap());
    push(&ring, b"after").unwrap();
    assert_eq!(pop(&ring).unwrap(), b"after");
    assert_eq!(pop(&ring), Err(PopError::Empty));
    assert_eq!(ring.bytes_used(), 0);
}

#[test]
fn a_record_that_is_refused_stays() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    push(&ring, b"payload!").unwrap();
    let refuse = |peek: &threadport::ring::Peek<'_>| {
        let mut content = [0; 8];
        peek.read(0, &mut content);
        assert_eq!(&content, b"payload!");
        false
    };
    assert_eq!(ring.take(refuse).err(), Some(PopError::Refused));
    assert_eq!(ring.len(), 1);
    assert_eq!(pop(&ring).unwrap(), b"payload!");
}

#[test]
fn a_later_claim_that_ends_first_is_not_seen_before_the_earlier_one() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    let first = ring.claim(1).unwrap();
    assert!(!push(&ring, b"second").unwrap());
    assert_eq!(pop(&ring), Err(PopError::Empty));
    ring.arm(Word::Items);
    assert!(first.commit(1), "who publishes for both wakes");
    assert_eq!(ring.len(), 2);
}

#[test]
fn bells_ring_once_for_each_time_they_are_armed_and_always_where_they_are_watched() {
    let memory = Shared::with_capacity(256);
    let ring = memory.format();
    assert!(!push(&ring, b"a").unwrap());
    let seen = ring.arm(Word::Items);
    assert!(push(&ring, b"b").unwrap());
    assert_ne!(ring.value(Word::Items), seen);
    assert!(!push(&ring, b"c").unwrap());
    ring.watch(Word::Items);
    ring.arm(Word::Items);
    assert!(push(&ring, b"d").unwrap());
    assert!(push(&ring, b"e").unwrap());
    let seen = ring.arm(Word::Space);
    assert!(ring.take(|_| true).unwrap().release());
    assert_ne!(ring.value(Word::Space), seen);
    assert!(!ring.take(|_| true).unwrap().release());
}

#[derive(Clone, Debug)]
enum Step {
    Push(Vec<u8>),
    Abandon(usize),
    Pop,
    Refuse,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => vec(any::<u8>(), 0..300).prop_map(Step::Push),
        2 => (0..300_usize).prop_map(Step::Abandon),
        20 => Just(Step::Pop),
        2 => Just(Step::Refuse),
        1 => Just(Step::Close),
    ]
}

fn span(bytes: usize) -> usize {
    8 + bytes.next_multiple_of(8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_ring_behaves_like_a_bounded_queue(power in 6..10_u32, steps in vec(step(), 0..200)) {
        let capacity = 1_usize << power;
        let memory = Shared::with_capacity(capacity);
        let rings = [memory.format(), memory.attach()];
        // None: abandoned, and its size.
        let mut model: VecDeque<(Option<Vec<u8>>, usize)> = VecDeque::new();
        let (mut used, mut closed) = (0, false);
        for (index, step) in steps.into_iter().enumerate() {
            let ring = &rings[index % 2];
            let expected = |bytes: usize| {
                if bytes > capacity - 8 { Some(PushError::TooLarge) }
                else if closed { Some(PushError::Closed) }
                else if used + span(bytes) > capacity { Some(PushError::Full) }
                else { None }
            };
            match step {
                Step::Push(payload) => {
                    let expected = expected(payload.len());
                    prop_assert_eq!(push(ring, &payload).err(), expected);
                    if expected.is_none() {
                        used += span(payload.len());
                        model.push_back((Some(payload.clone()), payload.len()));
                    }
                }
                Step::Abandon(bytes) => {
                    let expected = expected(bytes);
                    prop_assert_eq!(ring.claim(bytes).err(), expected);
                    if expected.is_none() {
                        used += span(bytes);
                        model.push_back((None, bytes));
                    }
                }
                Step::Pop => {
                    let mut next = None;
                    while let Some((payload, bytes)) = model.pop_front() {
                        used -= span(bytes);
                        next = payload;
                        if next.is_some() { break; }
                    }
                    let nothing = if closed { PopError::Ended } else { PopError::Empty };
                    prop_assert_eq!(pop(ring), next.ok_or(nothing));
                }
                Step::Refuse => {
                    while matches!(model.front(), Some((None, _))) {
                        used -= span(model.pop_front().unwrap().1);
                    }
                    let refused = ring.take(|_| false).err();
                    let nothing = if closed { PopError::Ended } else { PopError::Empty };
                    prop_assert_eq!(refused, Some(if model.is_empty() { nothing } else { PopError::Refused }));
                }
                Step::Close => {
                    ring.close();
                    closed = true;
                }
            }
            prop_assert_eq!(ring.len(), model.len());
            prop_assert_eq!(ring.bytes_used(), used);
            prop_assert_eq!(ring.is_closed(), closed);
        }
    }
}

/// Content that follows from producer and number, of changing length.
fn message(producer: u64, number: u64) -> Vec<u8> {
    let words = 2 + (producer * 7 + number * 13) % 30;
    (0..words)
        .flat_map(|word| match word {
            0 => producer.to_ne_bytes(),
            1 => number.to_ne_bytes(),
            _ => (producer << 40 ^ number << 8 ^ word).to_ne_bytes(),
        })
        .collect()
}

#[test]
fn many_threads_take_each_record_once_in_the_order_of_its_producer() {
    const EACH: u64 = 20_000;
    let memory = Shared::with_capacity(2048);
    let ring = memory.format();
    let sum = AtomicU64::new(0);
    let taken = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for producer in 0..3 {
            let ring = &ring;
            scope.spawn(move || {
                for number in 0..EACH {
                    while push(ring, &message(producer, number)) == Err(PushError::Full) {
                        std::thread::yield_now();
                    }
                }
            });
        }
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = [None; 3];
                while taken.load(Ordering::Relaxed) < 3 * EACH {
                    let Ok(payload) = pop(&ring) else {
                        std::thread::yield_now();
                        continue;
                    };
                    let number =
                        |n: usize| u64::from_ne_bytes(payload[n..n + 8].try_into().unwrap());
                    let (producer, number) = (number(0), number(8));
                    assert_eq!(payload, message(producer, number));
                    assert!(last[producer as usize] < Some(number));
                    last[producer as usize] = Some(number);
                    sum.fetch_add(number + 1, Ordering::Relaxed);
                    taken.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 3 * EACH * (EACH + 1) / 2);
    assert!(ring.is_empty());
    assert_eq!(ring.bytes_used(), 0);
}

proptest! {
    #[test]
    fn a_payload_comes_back(words in 0..1_000usize, text in 0..1_000usize, wide: bool, blobs in vec(0..100usize, 0..5)) {
        let parts = Parts { words: 8 * words, text: text << u32::from(wide), wide, blobs: blobs.len() };
        let end = parts.end(blobs.into_iter());
        prop_assert_eq!(Parts::unpack(parts.pack(), end), Some(parts));
        prop_assert_eq!(Parts::unpack(parts.pack(), parts.blobs_at() - 1), None);
    }

    /// What is taken for a payload lies inside the record, each part behind the one before it.
    #[test]
    fn a_hostile_payload_stays_in_its_record(seed: u64, bytes in 0..100_000usize) {
        let mut random = Random(seed | 1);
        let mut header = [0; Parts::HEADER];
        for word in header.as_chunks_mut().0 {
            *word = random.word().to_ne_bytes();
        }
        if let Some(parts) = Parts::unpack(header, bytes) {
            let places = [Parts::HEADER + 4 * parts.blobs, parts.words_at(), parts.text_at(), parts.blobs_at(), bytes];
            prop_assert!(places.is_sorted(), "{places:?}");
            prop_assert!(parts.text_at() + parts.text <= bytes);
        }
    }
}

/// A generator for hostile content.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Small, or anything, or close to a limit.
    fn word(&mut self) -> u32 {
        match self.below(4) {
            0 => self.below(40) as u32,
            1 => 0_u32.wrapping_sub(self.below(40) as u32),
            2 => 1 << self.below(32),
            _ => self.next() as u32,
        }
    }
}

/// Whatever stands in the header and in the data: no panic, no access outside the memory (the words around it are watched), no endless loop.
#[test]
fn hostile_memory_is_survived() {
    let seed = std::env::var("THREADPORT_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let mut random = Random(seed.unwrap_or(0x9E37_79B9_7F4A_7C15));
    let mut corrupt = 0;
    for _ in 0..4_000 {
        let capacity = 64 << random.below(4);
        let memory = Shared::with_capacity(capacity);
        let ring = memory.format();
        for _ in 0..60 {
            match random.below(6) {
                0 => memory.put(64 + 4 * random.below(64) as usize, random.word()),
                1 => memory.put(
                    HEADER + 4 * random.below(capacity as u64 / 4) as usize,
                    random.word(),
                ),
                2 | 3 => {
                    let payload = vec![7; random.below(capacity as u64 + 20) as usize];
                    corrupt += u32::from(push(&ring, &payload) == Err(PushError::Corrupt));
                }
                4 => corrupt += u32::from(pop(&ring) == Err(PopError::Corrupt)),
                _ => {
                    let _ = ring.take(|peek| {
                        let mut all = vec![0; (peek.record.bytes as usize).min(capacity)];
                        peek.read(0, &mut all);
                        false
                    });
                    ring.arm(Word::Items);
                    let _ = (ring.len(), ring.bytes_used(), ring.is_closed());
                }
            }
        }
    }
    assert!(corrupt > 1_000, "{corrupt}");
}

/// Who waits, and looks each half second: after how many looks is the memory corrupt?
fn looks_until_stalled(ring: &Ring, mut between: impl FnMut()) -> Option<u32> {
    let (stall, begin) = (Stall::default(), Instant::now());
    (0..100).find(|look| {
        between();
        stall.look(ring, begin + Duration::from_millis(500) * *look)
    })
}

#[test]
fn claims_that_never_end_are_not_waited_for() {
    // A count of claims, of ends, and a mark.
    for (offset, word) in [(68, 1), (132, 1), (128, 5), (192, 3), (256, 2)] {
        let memory = Shared::with_capacity(64);
        let ring = memory.format();
        assert_eq!(looks_until_stalled(&ring, || ()), None, "nothing is there");
        memory.put(offset, word);
        ring.close();
        assert_eq!(looks_until_stalled(&ring, || ()), Some(20), "{offset}");
    }
}

#[test]
fn a_slow_claim_is_waited_for() {
    let memory = Shared::with_capacity(4096);
    let ring = memory.format();
    let claim = ring.claim(8).unwrap();
    // Others get on meanwhile.
    assert_eq!(looks_until_stalled(&ring, || drop(ring.claim(0))), None);
    drop(claim);
    // However often one looks, and however much time goes by between two looks.
    let claim = ring.claim(8).unwrap();
    let (stall, begin) = (Stall::default(), Instant::now());
    for _ in 0..100 {
        assert!(!stall.look(&ring, begin));
    }
    for look in 1..20 {
        assert!(!stall.look(&ring, begin + Duration::from_secs(60) * look));
    }
    claim.commit(1);
    assert!(!stall.look(&ring, begin + Duration::from_secs(6000)));
    assert_eq!(pop(&ring), Ok(vec![0; 8]));
}
