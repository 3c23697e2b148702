//! Broadcast groups: posts, changes of mode, joins and ends of members against each other.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use threadport::channel::Half;
use threadport::group::{Groups, Member, Message, Posted, kind};

use super::bounded;

fn post(member: &Member, kind: u32) -> Posted {
    member.post(&Message {
        kind,
        words: &[0; 8],
        text: &[],
        attachments: &[],
    })
}

fn join(groups: &Arc<Groups>) -> (Member, Half) {
    let (member, channel) = Groups::ticket(groups, "a").join();
    let half = channel.claim(0).unwrap();
    (member, half)
}

/// Kinds of the frames in an inbox; of a SWITCH what it expects, plus 100.
fn take(half: &mut Half) -> Vec<u32> {
    let mut kinds = Vec::new();
    let count = half.consumer.peek(|frame| {
        let number = match frame.header.kind {
            kind::SWITCH => 100 + u32::from_ne_bytes(frame.words[4..].try_into().unwrap()),
            kind => kind,
        };
        kinds.push(number);
        true
    });
    half.consumer.advance(count);
    kinds
}

/// Two post at the same time, one reads meanwhile: all see one order, and each message once.
#[test]
fn posts_against_each_other() {
    bounded(2, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let (two, _two) = join(&groups);
        let (_three, mut three) = join(&groups);
        let (_four, mut four) = join(&groups);
        let sender = thread::spawn(move || assert_eq!(post(&one, 11), Posted::Sent));
        let other = thread::spawn(move || assert_eq!(post(&two, 12), Posted::Sent));
        let mut seen = take(&mut three);
        sender.join().unwrap();
        other.join().unwrap();
        seen.extend(take(&mut three));
        assert_eq!(seen.len(), 2);
        assert_eq!(seen, take(&mut four));
    });
}

/// A member leaves while another posts: what it had is freed once, and the third has the message.
#[test]
fn a_post_against_a_leave() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let (two, two_inbox) = join(&groups);
        let (_three, mut three) = join(&groups);
        let leaver = thread::spawn(move || {
            drop(two_inbox);
            drop(two);
        });
        assert_eq!(post(&one, 11), Posted::Sent);
        leaver.join().unwrap();
        assert_eq!(take(&mut three), [11]);
    });
}

/// Once `uncover` has returned nothing goes into an inbox, and what went there came before STOCK.
#[test]
fn a_post_against_uncover() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let (two, mut two_inbox) = join(&groups);
        let sender = thread::spawn(move || (post(&one, 11), one));
        groups.uncover();
        assert_eq!(post(&two, 12), Posted::Stock);
        let (posted, _one) = sender.join().unwrap();
        let expected: &[u32] = match posted {
            Posted::Sent => &[11, kind::STOCK],
            _ => &[kind::STOCK],
        };
        assert_eq!(take(&mut two_inbox), expected);
    });
}

/// One posts natively while another posts by its stock port: a SWITCH tells exactly the stock messages that are there.
#[test]
fn a_stock_post_against_a_native_one() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let (two, _two) = join(&groups);
        let (_three, mut three) = join(&groups);
        let queue = Arc::new(AtomicUsize::new(0));
        let theirs = queue.clone();
        let sender = thread::spawn(move || {
            one.begin_stock();
            theirs.fetch_add(1, Ordering::Relaxed);
            one.end_stock(true);
            one
        });
        let posted = post(&two, 12);
        let frames = take(&mut three);
        if frames.contains(&101) {
            assert_eq!(queue.load(Ordering::Relaxed), 1);
        }
        let _one = sender.join().unwrap();
        let mut all = frames;
        all.extend(take(&mut three));
        match (posted, all.as_slice()) {
            // Before, after, or while it was under way.
            (Posted::Sent, [12, kind::STOCK] | [kind::STOCK, 101, 12]) => {}
            (Posted::Stock, [kind::STOCK]) => {}
            other => panic!("{other:?}"),
        }
    });
}

/// What Node's group would do: who has a stock port gets the message.
#[derive(Default)]
struct Node {
    ports: AtomicUsize,
    queue: AtomicUsize,
}

impl Node {
    /// `one` posts by its stock port.
    fn post(&self, one: &Member) {
        one.begin_stock();
        let ports = self.ports.load(Ordering::SeqCst);
        self.queue.fetch_add(ports, Ordering::SeqCst);
        one.end_stock(true);
    }

    /// A second member, whose stock port is made between its ticket and its joining.
    fn join(&self, groups: &Arc<Groups>) -> (Member, Half) {
        let ticket = Groups::ticket(groups, "a");
        self.ports.store(1, Ordering::SeqCst);
        let (member, channel) = ticket.join();
        let inbox = channel.claim(0).unwrap();
        (member, inbox)
    }
}

/// A member joins while another posts by its stock port: if the group returns to native, the number it is told is right.
#[test]
fn a_join_against_a_stock_post() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let node = Arc::new(Node::default());
        let theirs = node.clone();
        let sender = thread::spawn(move || {
            theirs.post(&one);
            one
        });
        let (_two, mut inbox) = node.join(&groups);
        let one = sender.join().unwrap();
        let posted = post(&one, 12);
        let frames = take(&mut inbox);
        let there = u32::try_from(node.queue.load(Ordering::SeqCst)).unwrap();
        match frames.as_slice() {
            [] => assert_eq!(posted, Posted::Stock),
            // It was native when the member joined, or it is told of what its queue holds.
            [kind::STOCK, number, 12] | [number, 12] => assert_eq!(*number, 100 + there),
            other => panic!("{other:?}"),
        }
    });
}

/// A member whose stock port is there joins while the group returns to native: it does not miss what follows a stock message
/// that it was given.
#[test]
fn a_join_against_a_return() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let node = Arc::new(Node::default());
        let theirs = node.clone();
        let sender = thread::spawn(move || {
            theirs.post(&one);
            (post(&one, 12), one)
        });
        let (_two, mut inbox) = node.join(&groups);
        let (posted, _one) = sender.join().unwrap();
        let frames = take(&mut inbox);
        if node.queue.load(Ordering::SeqCst) == 1 && posted == Posted::Sent {
            assert!(frames.ends_with(&[101, 12]), "{frames:?}");
        }
    });
}

/// A thread says that it is clean while another posts and a third ends: nothing is native before, and all is after.
#[test]
fn a_clean_thread_against_a_post() {
    bounded(3, || {
        let groups = Groups::new();
        groups.cover();
        let (one, _one) = join(&groups);
        let (_two, mut two) = join(&groups);
        groups.thread_seen(7);
        let shared = groups.clone();
        let worker = thread::spawn(move || shared.thread_clean(7));
        let early = post(&one, 11);
        worker.join().unwrap();
        assert_eq!(post(&one, 12), Posted::Sent);
        let expected: &[u32] = match early {
            Posted::Sent => &[kind::STOCK, 100, 11, 12],
            _ => &[kind::STOCK, 100, 12],
        };
        assert_eq!(take(&mut two), expected);
    });
}
