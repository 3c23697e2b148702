//! Buffers that a reader posts ahead, against the reader that leaves.

use std::ptr::NonNull;

use bytes::Bytes;
use loom::sync::Arc;
use loom::thread;
use threadport::landing::{Attachment, Landing, Landings};
use threadport::lane::{Producer, lane};

use super::bounded;

const LEN: usize = 8;
const CONTENT: [u8; LEN] = [7; LEN];

/// Memory of the reader.
struct Memory(NonNull<u8>);

impl Memory {
    fn new() -> Memory {
        Memory(NonNull::from(Box::leak(Box::new([0u8; LEN]))).cast())
    }

    fn content(&self) -> Bytes {
        // SAFETY: `LEN` live bytes; the model checks that nobody writes meanwhile (`touch`).
        Bytes::copy_from_slice(unsafe { std::slice::from_raw_parts(self.0.as_ptr(), LEN) })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: the box from `new`.
        drop(unsafe { Box::from_raw(self.0.cast::<[u8; LEN]>().as_ptr()) });
    }
}

/// One buffer that is free. The memory must outlive the writers.
fn posted() -> (Arc<Landings>, Memory, Arc<Landing>) {
    let landings = Arc::new(Landings::default());
    let memory = Memory::new();
    // SAFETY: the memory lives until the reader has settled, and the model is told of each access to it.
    let landing = unsafe { landings.post(memory.0, LEN) };
    (landings, memory, landing)
}

/// Sends the content, in a landing if there is one.
fn send(producer: &mut Producer, landings: &Landings) {
    let attachment = match landings.claim(LEN) {
        Some(claim) => claim.fill(&CONTENT),
        None => Bytes::from_static(&CONTENT).into(),
    };
    producer.reserve(0, 0).unwrap().commit(0, vec![attachment]);
}

/// The reader leaves while two payloads are written for one buffer: no write comes after it has settled, and the next
/// reader finds both.
#[test]
fn fill_against_leaving() {
    bounded(3, || {
        let (mut producer, mut consumer) = lane();
        let (landings, memory, landing) = posted();
        let theirs = landings.clone();
        let writer = thread::spawn(move || {
            send(&mut producer, &theirs);
            send(&mut producer, &theirs);
            producer
        });
        landings.withdraw();
        if Landing::settle(&landing) {
            landing.touch();
            landing.keep(memory.content());
        }
        landing.touch();
        drop(memory);
        let _producer = writer.join().unwrap();
        let visited = consumer.peek(|frame| {
            assert_eq!(frame.attachments[0].bytes().unwrap(), &CONTENT[..]);
            true
        });
        assert_eq!(visited, 2);
    });
}

/// A reader that has found the frame may do what it likes with the memory, and knows when the frame is consumed.
#[test]
fn fill_against_reading() {
    bounded(3, || {
        let (mut producer, mut consumer) = lane();
        let (landings, memory, landing) = posted();
        let theirs = landings.clone();
        let writer = thread::spawn(move || {
            send(&mut producer, &theirs);
            producer
        });
        let visited = consumer.peek(|frame| {
            match &frame.attachments[0] {
                Attachment::Landed(landed) => assert!(Arc::ptr_eq(landed, &landing)),
                Attachment::Block(_) => panic!("the buffer was there before the message"),
            }
            landing.touch();
            assert_eq!(memory.content(), &CONTENT[..]);
            true
        });
        assert!(visited == 0 || !Landing::is_spent(&landing));
        consumer.advance(visited);
        let _producer = writer.join().unwrap();
        assert_eq!(Landing::is_spent(&landing), visited == 1);
    });
}

/// A claim that comes to nothing does not keep the reader.
#[test]
fn claim_given_up_against_leaving() {
    bounded(3, || {
        let (landings, _memory, landing) = posted();
        let theirs = landings.clone();
        let writer = thread::spawn(move || drop(theirs.claim(LEN)));
        landings.withdraw();
        Landing::settle(&landing);
        landing.touch();
        writer.join().unwrap();
        assert!(Landing::is_spent(&landing));
    });
}
