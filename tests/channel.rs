//! Channels: the numbers of stock messages, cargo, and what becomes of ends that move, through the public interface.
#![cfg(not(loom))]

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use threadport::channel::{Channel, Gate, Half, Offer, PortRef, Reader};

fn push(half: &mut Half, kind: u32) {
    half.producer
        .reserve(8, 0)
        .unwrap()
        .commit(kind, Vec::new());
}

fn kinds(half: &mut Half) -> Vec<u32> {
    let mut kinds = Vec::new();
    half.consumer.peek(|frame| {
        kinds.push(frame.header.kind);
        true
    });
    kinds
}

fn both(channel: &Channel) -> (Half, Half) {
    (channel.claim(0).unwrap(), channel.claim(1).unwrap())
}

/// An end in transit, and the half of its peer, which watches what becomes of it.
fn in_transit() -> (PortRef, Arc<Channel>, Half) {
    let channel = Channel::new();
    let (ours, theirs) = both(&channel);
    channel.park(1, theirs, Reader::Known);
    let port = PortRef {
        channel: Arc::clone(&channel),
        side: 1,
    };
    (port, channel, ours)
}

#[test]
fn an_end_has_one_owner() {
    let channel = Channel::new();
    let half = channel.claim(0).unwrap();
    assert!(channel.claim(0).is_none());
    channel.park(0, half, Reader::Known);
    assert!(channel.claim(0).is_some());
}

#[test]
fn a_park_for_a_reader_closes_the_gate_and_one_for_nobody_asks_for_a_recall() {
    for (reader, gate) in [
        (Reader::Known, Gate::Closed),
        (Reader::Hoped, Gate::Closed),
        (Reader::None, Gate::Recall),
    ] {
        let channel = Channel::new();
        let (_ours, theirs) = both(&channel);
        channel.set_gate(0, Gate::Open);
        channel.park(1, theirs, reader);
        assert_eq!(channel.gate(0), gate);
        assert_eq!(channel.gate(1), Gate::Closed);
        assert_eq!(channel.is_adopted(1), reader == Reader::Known);
    }
}

#[test]
fn hope_ends_with_a_recall_unless_the_reader_has_come() {
    let channel = Channel::new();
    let (_ours, theirs) = both(&channel);
    channel.park(1, theirs, Reader::Hoped);
    assert!(channel.hopes(1));
    channel.give_up(1);
    assert_eq!((channel.gate(0), channel.hopes(1)), (Gate::Recall, false));
    let theirs = channel.claim(1).unwrap();
    channel.park(1, theirs, Reader::Hoped);
    let theirs = channel.claim(1).unwrap();
    channel.give_up(1);
    assert_eq!((channel.gate(0), channel.hopes(1)), (Gate::Closed, false));
    channel.park(1, theirs, Reader::Known);
    channel.give_up(1);
    assert_eq!(channel.gate(0), Gate::Closed);
}

#[test]
fn ports_under_way_give_up_hope_with_their_carrier() {
    let carrier = Channel::new();
    let (port, moved, _ours) = in_transit();
    let theirs = moved.claim(1).unwrap();
    moved.park(1, theirs, Reader::Hoped);
    post_cargo(&carrier, vec![None, Some(port)]);
    carrier.give_up_all(0);
    assert!(moved.hopes(1), "that is the other direction");
    carrier.give_up_all(1);
    assert_eq!(moved.gate(0), Gate::Recall);
}

#[test]
fn an_offer_that_the_peer_recalls_is_settled_by_that() {
    let channel = Channel::new();
    let (mut ours, theirs) = both(&channel);
    push(&mut ours, 7);
    channel.park(1, theirs, Reader::None);
    assert!(matches!(channel.offer(1), Offer::Pending));
    let mut back = channel.reclaim(1).unwrap();
    assert!(matches!(channel.offer(1), Offer::Pending));
    assert_eq!(kinds(&mut back), [7]);
    channel.end_recall(1, back);
    assert_eq!(channel.gate(0), Gate::Closed);
    assert!(matches!(channel.offer(1), Offer::Recalled));
}

#[test]
fn an_offer_to_a_peer_that_has_gone_is_refused_with_all_frames() {
    let channel = Channel::new();
    let (mut ours, theirs) = both(&channel);
    push(&mut ours, 1);
    push(&mut ours, 2);
    channel.park(1, theirs, Reader::None);
    drop(ours);
    let Offer::Refused(mut half) = channel.offer(1) else {
        panic!("not refused");
    };
    assert_eq!(kinds(&mut half), [1, 2]);
    assert!(channel.reclaim(1).is_none());
    assert_eq!(channel.gate(0), Gate::Closed);
}

#[test]
fn an_offer_to_a_peer_that_went_where_nobody_reads_lanes_is_refused() {
    let channel = Channel::new();
    let (ours, theirs) = both(&channel);
    channel.park(1, theirs, Reader::None);
    channel.park(0, ours, Reader::None);
    assert!(matches!(channel.offer(1), Offer::Refused(_)));
}

#[test]
fn cargo_that_nobody_claims_asks_the_peer_for_a_recall() {
    let carrier = Channel::new();
    let (port, moved, _ours) = in_transit();
    post_cargo(&carrier, vec![None, Some(port)]);
    assert_eq!(moved.gate(0), Gate::Closed);
    carrier.drop_cargo(0);
    assert_eq!(moved.gate(0), Gate::Recall);
    assert!(!moved.is_adopted(1));
    assert!(!carrier.has_cargo(0, f64::INFINITY));
}

/// A message from side 0 that carries `ports`.
fn post_cargo(carrier: &Channel, ports: Vec<Option<PortRef>>) {
    carrier.load_cargo(0, carrier.stock_counts(0).1 as f64, ports);
    carrier.stock_begin(0);
    carrier.stock_end(0, true, 0);
}

#[test]
fn cargo_that_is_dropped_while_its_message_is_posted_can_be_taken_back() {
    let carrier = Channel::new();
    let (port, moved, _ours) = in_transit();
    carrier.load_cargo(0, 0.0, vec![Some(port)]);
    carrier.stock_begin(0);
    carrier.drop_cargo(0);
    carrier.stock_end(0, false, 0);
    assert_eq!(carrier.unload_last(0, 0.0).unwrap().len(), 1);
    assert_eq!(moved.gate(0), Gate::Recall);
}

#[test]
fn cargo_for_an_end_that_nobody_claims_does_not_stay() {
    let (carrier_end, carrier, _ours) = in_transit();
    let (before, first, _peer) = in_transit();
    post_cargo(&carrier, vec![Some(before)]);
    drop(carrier_end);
    assert_eq!(first.gate(0), Gate::Recall);
    let (after, second, _other) = in_transit();
    post_cargo(&carrier, vec![Some(after)]);
    post_cargo(&carrier, vec![None]);
    assert_eq!(second.gate(0), Gate::Recall);
}

#[test]
fn an_end_that_is_claimed_before_the_recall_keeps_what_is_in_its_lane() {
    let channel = Channel::new();
    let (_ours, theirs) = both(&channel);
    channel.park(1, theirs, Reader::None);
    assert!(channel.claim(1).is_some());
    assert_eq!(channel.gate(0), Gate::Closed);
    assert!(channel.reclaim(1).is_none());
}

#[test]
fn a_claimed_port_does_not_ask_for_anything_when_its_reference_goes() {
    let (port, channel, _ours) = in_transit();
    let _theirs = port.channel.claim(1).unwrap();
    drop(port);
    assert_eq!(channel.gate(0), Gate::Closed);
    assert!(channel.is_adopted(1));
}

#[test]
fn a_message_with_the_other_end_of_its_own_channel_is_doomed_and_takes_its_cargo_along() {
    let (port, channel, _ours) = in_transit();
    let (other, lost, _peer) = in_transit();
    let (third, kept, _watcher) = in_transit();
    channel.load_cargo(0, 0.0, vec![Some(third)]);
    channel.load_cargo(0, 1.0, vec![Some(port), Some(other)]);
    channel.drop_doomed(0);
    assert_eq!(lost.gate(0), Gate::Recall);
    assert_eq!(kept.gate(0), Gate::Closed);
    assert!(channel.unload(0, 1.0).is_none());
    assert!(channel.claim(1).is_some());
}

#[test]
fn older_cargo_that_nobody_asked_for_is_dropped_and_newer_stays() {
    let channel = Channel::new();
    for index in [2.0, 4.0, 6.0] {
        channel.load_cargo(0, index, vec![None]);
    }
    assert!(channel.unload(0, 3.0).is_none());
    assert!(channel.unload(0, 2.0).is_none());
    assert!(channel.unload(0, 4.0).is_some());
    assert!(channel.unload(0, 5.0).is_none());
    assert!(channel.unload(0, 6.0).is_some());
    assert!(!channel.has_cargo(0, f64::INFINITY));
}

#[test]
fn a_failed_post_is_not_counted_and_an_unfinished_one_is_seen() {
    let channel = Channel::new();
    channel.stock_begin(0);
    assert_eq!(channel.stock_counts(0), (1, 0));
    channel.stock_end(0, false, 5);
    assert_eq!(channel.stock_counts(0), (0, 0));
    channel.set_stock_count(0, 1 << 40);
    channel.stock_begin(0);
    channel.stock_end(0, true, 5);
    assert_eq!(channel.stock_counts(0), ((1 << 40) + 1, (1 << 40) + 1));
    assert_eq!(channel.stock_counts(1), (0, 0));
}

#[test]
fn drain_is_told_once_after_the_mark_was_reached_and_left() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    channel.set_high_water_mark(0, &ours.producer, 10);
    channel.stock_begin(0);
    channel.stock_end(0, true, 9);
    assert!(!channel.arm_drain(0, &ours.producer));
    channel.stock_begin(0);
    channel.stock_end(0, true, 9);
    assert!(channel.arm_drain(0, &ours.producer));
    assert!(channel.arm_drain(0, &ours.producer), "owed still");
    assert_eq!(channel.buffered(0, &ours.producer), 18);
    assert!(!channel.take_drained(0, &ours.producer));
    channel.stock_received(0);
    assert!(channel.take_drained(0, &ours.producer));
    assert!(!channel.take_drained(0, &ours.producer));
    channel.stock_received(0);
    assert!(!channel.take_drained(0, &ours.producer));
    assert_eq!(channel.buffered(0, &ours.producer), 0);
}

#[test]
fn a_message_that_is_received_before_its_post_is_over_does_not_stay_in_the_sum() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    channel.stock_received(0);
    channel.stock_begin(0);
    channel.stock_received(0);
    channel.stock_end(0, true, 7);
    assert_eq!(channel.buffered(0, &ours.producer), 0);
    channel.stock_begin(0);
    channel.stock_end(0, true, 7);
    assert_eq!(channel.buffered(0, &ours.producer), 7);
}

/// A message of so many bytes from side 0. Has it reached the mark?
fn post_sized(channel: &Channel, ours: &Half, size: u64) -> bool {
    channel.stock_begin(0);
    channel.stock_end(0, true, size);
    channel.arm_drain(0, &ours.producer)
}

#[test]
fn a_barrier_takes_out_of_the_sum_what_nobody_has_reported() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    channel.set_high_water_mark(0, &ours.producer, 10);
    let post = || post_sized(&channel, &ours, 7);
    assert!(!post());
    assert!(post());
    channel.stock_received(0);
    assert!(channel.take_drained(0, &ours.producer));
    channel.barrier_begin(0);
    assert!(post());
    channel.barrier_received(0);
    assert_eq!(channel.buffered(0, &ours.producer), 7);
    assert!(channel.take_drained(0, &ours.producer));
    channel.stock_received(0);
    assert_eq!(channel.buffered(0, &ours.producer), 0);
    channel.barrier_received(0);
    assert_eq!(channel.buffered(0, &ours.producer), 0);
}

#[test]
fn a_fall_that_was_not_the_last_is_not_told() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    channel.set_high_water_mark(0, &ours.producer, 10);
    let post = || post_sized(&channel, &ours, 10);
    assert!(post());
    channel.stock_received(0);
    assert!(post(), "reached again before the owner looked");
    assert!(!channel.take_drained(0, &ours.producer));
    channel.stock_received(0);
    assert!(channel.take_drained(0, &ours.producer));
}

#[test]
fn a_mark_that_is_set_is_reached_or_left_at_once() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    let set = |mark| channel.set_high_water_mark(0, &ours.producer, mark);
    assert!(!set(100));
    assert!(!post_sized(&channel, &ours, 50));
    assert!(set(10), "lowered");
    assert!(!channel.take_drained(0, &ours.producer));
    assert!(set(20), "owed still");
    assert!(set(51), "raised: told at once");
    assert!(channel.take_drained(0, &ours.producer));
    assert!(!set(51));
    assert!(set(50));
    channel.stock_received(0);
    assert!(channel.take_drained(0, &ours.producer));
    assert!(!channel.take_drained(0, &ours.producer));
}

#[test]
fn sizes_that_nobody_collects_are_merged_and_their_sum_is_kept() {
    let channel = Channel::new();
    let (ours, _theirs) = both(&channel);
    let count = (1 << 16) + 5;
    for _ in 0..count {
        channel.stock_begin(0);
        channel.stock_end(0, true, 2);
    }
    assert_eq!(channel.buffered(0, &ours.producer), 2 * count);
    for _ in 0..count {
        channel.stock_received(0);
    }
    assert_eq!(channel.buffered(0, &ours.producer), 0);
}

/// A post: with cargo or not, that succeeds or not, and the posts that getters make in the middle of it.
#[derive(Clone, Debug)]
struct Post {
    cargo: bool,
    sent: bool,
    inner: Vec<Post>,
}

fn post() -> impl Strategy<Value = Post> {
    let leaf = (any::<bool>(), any::<bool>()).prop_map(|(cargo, sent)| Post {
        cargo,
        sent,
        inner: Vec::new(),
    });
    leaf.prop_recursive(4, 24, 4, |post| {
        (
            any::<bool>(),
            any::<bool>(),
            prop::collection::vec(post, 0..4),
        )
            .prop_map(|(cargo, sent, inner)| Post { cargo, sent, inner })
    })
}

/// Carries it out as the binding does. Each cargo has a length of its own, by which it is known again.
fn carry_out(channel: &Channel, post: &Post, names: &mut usize, sent: &mut BTreeMap<u64, usize>) {
    *names += 1;
    let name = *names;
    if post.cargo {
        let index = channel.stock_counts(0).1 as f64;
        channel.load_cargo(0, index, (0..name).map(|_| None).collect());
    }
    channel.stock_begin(0);
    for inner in &post.inner {
        carry_out(channel, inner, names, sent);
    }
    let number = channel.stock_counts(0).1;
    channel.stock_end(0, post.sent, 1);
    if post.cargo && post.sent {
        sent.insert(number, name);
    }
    if post.cargo && !post.sent {
        let back = channel.unload_last(0, channel.stock_counts(0).1 as f64);
        assert_eq!(back.map(|ports| ports.len()), Some(name));
    }
}

proptest! {
    #[test]
    fn every_message_has_its_own_cargo_however_posts_are_nested(posts in prop::collection::vec(post(), 1..6)) {
        let channel = Channel::new();
        let (mut names, mut sent) = (0, BTreeMap::new());
        for post in &posts {
            carry_out(&channel, post, &mut names, &mut sent);
        }
        let (begun, ended) = channel.stock_counts(0);
        prop_assert_eq!(begun, ended);
        for number in 0..ended {
            let cargo = channel.unload(0, number as f64).map(|ports| ports.len());
            prop_assert_eq!(cargo, sent.get(&number).copied());
        }
        prop_assert!(!channel.has_cargo(0, f64::INFINITY));
    }
}
