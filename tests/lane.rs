//! Behaviour of a lane, through its public interface.
#![cfg(not(loom))]

mod support;

use bytes::Bytes;
use support::{Live, Recipe};
use threadport::lane::{Consumer, FrameHeader, Producer, PushError, lane};

fn push(producer: &mut Producer, kind: u32, words: &[u64], text: &[u8]) {
    let mut frame = producer.reserve(words.len() * 8, text.len()).unwrap();
    for (place, word) in frame.words_mut().chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_ne_bytes());
    }
    frame.text_mut()[..text.len()].copy_from_slice(text);
    frame.commit(kind, Vec::new());
}

fn kinds(consumer: &mut Consumer) -> Vec<u32> {
    let mut kinds = Vec::new();
    consumer.peek(|frame| {
        kinds.push(frame.header.kind);
        true
    });
    kinds
}

#[test]
fn a_new_lane_is_empty_and_open() {
    let (producer, mut consumer) = lane();
    assert!(consumer.is_empty());
    assert!(!consumer.is_closed());
    assert!(!producer.is_consumer_gone());
    assert_eq!(consumer.peek(|_| true), 0);
    assert_eq!((producer.accepted(), producer.buffered()), (0, 0));
}

#[test]
fn a_frame_arrives_as_it_was_written() {
    let (mut producer, mut consumer) = lane();
    push(&mut producer, 7, &[1, 2], b"hello");
    let visited = consumer.peek(|frame| {
        assert_eq!(frame.header.kind, 7);
        assert_eq!(frame.words[..8], 1u64.to_ne_bytes());
        assert_eq!(frame.words[8..], 2u64.to_ne_bytes());
        assert_eq!(frame.text, b"hello");
        assert!(frame.attachments.is_empty());
        true
    });
    assert_eq!(visited, 1);
}

#[test]
fn peek_consumes_nothing_and_advance_does() {
    let (mut producer, mut consumer) = lane();
    for kind in 0..5 {
        push(&mut producer, kind, &[], b"");
    }
    assert_eq!(kinds(&mut consumer), [0, 1, 2, 3, 4]);
    assert_eq!(kinds(&mut consumer), [0, 1, 2, 3, 4]);
    consumer.advance(2);
    assert_eq!(kinds(&mut consumer), [2, 3, 4]);
    consumer.advance(3);
    assert!(consumer.is_empty());
}

#[test]
fn the_frame_that_stops_a_peek_is_not_counted() {
    let (mut producer, mut consumer) = lane();
    for kind in 0..5 {
        push(&mut producer, kind, &[], b"");
    }
    assert_eq!(consumer.peek(|frame| frame.header.kind < 3), 3);
}

#[test]
fn frames_published_while_peeking_are_shown() {
    let (mut producer, mut consumer) = lane();
    push(&mut producer, 0, &[], b"");
    let visited = consumer.peek(|frame| {
        if frame.header.kind < 200 {
            push(&mut producer, frame.header.kind + 1, &[0; 20], b"");
        }
        true
    });
    assert_eq!(visited, 201);
}

#[test]
#[should_panic(expected = "advance over more frames")]
fn advance_beyond_the_end_panics() {
    let (mut producer, mut consumer) = lane();
    push(&mut producer, 0, &[], b"");
    consumer.advance(2);
}

#[test]
fn a_dropped_reservation_publishes_nothing() {
    let (mut producer, mut consumer) = lane();
    let _abandoned = producer.reserve(64, 1 << 20).unwrap();
    assert!(consumer.is_empty());
    assert_eq!(producer.accepted(), 0);
    push(&mut producer, 9, &[], b"x");
    assert_eq!(kinds(&mut consumer), [9]);
}

#[test]
fn text_has_spare_bytes_that_are_not_sent() {
    let (mut producer, mut consumer) = lane();
    let mut frame = producer.reserve(0, 10).unwrap();
    assert_eq!(frame.text_mut().len(), 14);
    frame.text_mut().copy_from_slice(b"0123456789\0\0\0\0");
    frame.commit(0, Vec::new());
    push(&mut producer, 1, &[u64::MAX], b"");
    let mut texts = Vec::new();
    consumer.peek(|frame| {
        texts.push(frame.text.to_vec());
        true
    });
    assert_eq!(texts, [b"0123456789".to_vec(), Vec::new()]);
}

#[test]
fn a_frame_above_the_limit_is_refused_and_the_lane_goes_on() {
    let (mut producer, mut consumer) = lane();
    let limit = FrameHeader::MAX_PAYLOAD;
    assert_eq!(producer.reserve(8, limit).err(), Some(PushError::TooLarge));
    assert_eq!(
        producer.reserve(usize::MAX & !7, 0).err(),
        Some(PushError::TooLarge)
    );
    push(&mut producer, 1, &[], b"");
    assert_eq!(kinds(&mut consumer), [1]);
}

#[test]
fn frames_larger_than_a_segment_arrive() {
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    let recipes: Vec<Recipe> = [1, 300_000, 2, 131_072, 130_900, 5_000_000, 3]
        .into_iter()
        .zip(0..)
        .map(|(text, seed)| Recipe::new(seed, 3, text))
        .collect();
    for recipe in &recipes {
        recipe.push(&mut producer, &live).unwrap();
    }
    let mut expected = recipes.iter();
    assert_eq!(
        consumer.peek(|frame| {
            expected.next().unwrap().check(&frame);
            true
        }),
        recipes.len()
    );
    consumer.advance(recipes.len());
    assert!(consumer.is_empty());
}

#[test]
fn accounting_counts_frames_and_attachments() {
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    let mut recipe = Recipe::new(1, 2, 5);
    recipe.attachments = vec![1000, 0];
    recipe.push(&mut producer, &live).unwrap();
    let size = 16 + 16 + 8 + 8 + 1000;
    assert_eq!((producer.accepted(), producer.buffered()), (size, size));
    consumer.advance(1);
    assert_eq!((consumer.consumed(), producer.buffered()), (size, 0));
    assert_eq!(producer.accepted(), size);
}

#[test]
fn attachments_are_lent_by_peek_and_released_by_advance() {
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    let frame = producer.reserve(0, 0).unwrap();
    frame.commit(0, vec![live.bytes(10, 1).into(), live.bytes(20, 2).into()]);
    let mut kept = Bytes::new();
    consumer.peek(|frame| {
        assert_eq!(frame.attachments.len(), 2);
        kept = frame.attachments[1].bytes().unwrap();
        true
    });
    assert_eq!(live.count(), 2);
    consumer.advance(1);
    assert_eq!(live.count(), 1);
    assert!(support::follows(&kept, 2));
    drop(kept);
    assert_eq!(live.count(), 0);
}

#[test]
fn close_is_seen_after_the_last_frame_and_discards_what_follows() {
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    push(&mut producer, 1, &[], b"");
    producer.close();
    producer.close();
    let late = producer.reserve(0, 0).unwrap();
    late.commit(2, vec![live.bytes(1, 1).into()]);
    assert_eq!(live.count(), 0);
    assert!(consumer.is_closed());
    assert_eq!(kinds(&mut consumer), [1]);
    consumer.advance(1);
    assert!(consumer.is_empty());
}

#[test]
fn dropping_the_producer_closes_and_keeps_the_frames() {
    let (mut producer, mut consumer) = lane();
    for kind in 0..100 {
        push(&mut producer, kind, &[0; 10], b"");
    }
    drop(producer);
    assert!(consumer.is_closed());
    assert_eq!(kinds(&mut consumer).len(), 100);
    consumer.advance(100);
    assert!(consumer.is_empty());
}

#[test]
fn dropping_the_consumer_releases_unread_attachments() {
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    let mut recipe = Recipe::new(1, 2, 700);
    recipe.attachments = vec![10];
    for _ in 0..10 {
        recipe.push(&mut producer, &live).unwrap();
    }
    consumer.advance(3);
    assert_eq!(live.count(), 7);
    drop(consumer);
    assert_eq!(live.count(), 0);
    assert!(producer.is_consumer_gone());
    assert_eq!(producer.buffered(), 0);
}

#[test]
fn pushing_to_a_consumer_that_is_gone_keeps_nothing() {
    let (mut producer, consumer) = lane();
    let live = Live::default();
    drop(consumer);
    let mut recipe = Recipe::new(1, 2, 300_000);
    recipe.attachments = vec![10];
    for _ in 0..100 {
        recipe.push(&mut producer, &live).unwrap();
        assert_eq!(live.count(), 0);
    }
}

#[test]
fn a_long_chain_is_freed_without_recursion() {
    let (mut producer, consumer) = lane();
    for _ in 0..20_000 {
        producer.reserve(0, 3000).unwrap().commit(0, Vec::new());
    }
    drop(producer);
    drop(consumer);
}

#[test]
fn halves_move_between_threads() {
    let (mut producer, mut consumer) = lane();
    push(&mut producer, 1, &[1], b"a");
    let producer = std::thread::spawn(move || {
        push(&mut producer, 2, &[2], b"b");
        producer
    });
    let mut producer = producer.join().unwrap();
    push(&mut producer, 3, &[3], b"c");
    std::thread::spawn(move || assert_eq!(kinds(&mut consumer), [1, 2, 3]))
        .join()
        .unwrap();
}

/// The same mix of sizes on both sides.
fn mixed(seed: u32) -> Recipe {
    let hash = seed.wrapping_mul(0x85EB_CA6B) >> 7;
    let text = match hash % 1000 {
        0 => 200_000,
        1..20 => (hash % 5000) as usize,
        _ => (hash % 90) as usize,
    };
    let mut recipe = Recipe::new(seed, (hash % 7) as usize, text);
    if hash.is_multiple_of(97) {
        recipe.attachments = vec![(hash % 300) as usize; 1 + (hash % 3) as usize];
    }
    recipe
}

#[test]
fn two_threads_every_byte_arrives_in_order() {
    const FRAMES: u32 = 100_000;
    let (mut producer, mut consumer) = lane();
    let live = Live::default();
    let theirs = live.clone();
    let sender = std::thread::spawn(move || {
        for seed in 0..FRAMES {
            mixed(seed).push(&mut producer, &theirs).unwrap();
        }
        producer.accepted()
    });
    let mut next = 0;
    while next < FRAMES {
        let closed = consumer.is_closed();
        let most = 1 + next % 50;
        let mut seen = 0;
        let visited = consumer.peek(|frame| {
            if seen == most {
                return false;
            }
            mixed(next + seen).check(&frame);
            seen += 1;
            true
        });
        assert!(visited > 0 || !closed, "the sender failed");
        consumer.advance(visited);
        next += visited as u32;
        std::hint::spin_loop();
    }
    assert_eq!(sender.join().unwrap(), consumer.consumed());
    assert!(consumer.is_closed() && consumer.is_empty());
    assert_eq!(live.count(), 0);
}

#[test]
fn two_threads_drop_the_consumer_under_traffic() {
    for round in 0..200 {
        let (mut producer, mut consumer) = lane();
        let live = Live::default();
        let theirs = live.clone();
        let sender = std::thread::spawn(move || {
            let mut seed = 0;
            while !producer.is_consumer_gone() {
                mixed(seed).push(&mut producer, &theirs).unwrap();
                seed += 1;
            }
        });
        let mut left = round;
        while left > 0 {
            assert!(!consumer.is_closed(), "the sender failed");
            let visited = consumer.peek(|_| true).min(left);
            consumer.advance(visited);
            left -= visited;
            std::hint::spin_loop();
        }
        drop(consumer);
        sender.join().unwrap();
        assert_eq!(live.count(), 0);
    }
}
