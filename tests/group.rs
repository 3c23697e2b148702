//! Broadcast groups through their public interface: who gets what, in which mode, and what the SWITCH frames say.
#![cfg(not(loom))]

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use proptest::prelude::*;
use threadport::channel::{Channel, Half};
use threadport::group::{Groups, Member, Message, Posted, Ticket, kind};

const VALUE: u32 = 1;

/// A member with its inbox.
struct Seat {
    member: Member,
    inbox: Half,
    channel: Arc<Channel>,
}

impl Seat {
    fn post(&self, number: u64) -> Posted {
        self.member.post(&message(&number.to_ne_bytes()))
    }

    /// A stock post from begin to end.
    fn post_stock(&self) {
        self.member.begin_stock();
        self.member.end_stock(true);
    }

    /// Everything in the inbox, as `(kind, number)`.
    fn take(&mut self) -> Vec<(u32, u64)> {
        let mut frames = Vec::new();
        let count = self.inbox.consumer.peek(|frame| {
            let number = match frame.header.kind {
                kind::STOCK => 0,
                kind::SWITCH => {
                    let half =
                        |at: usize| u32::from_ne_bytes(frame.words[at..at + 4].try_into().unwrap());
                    (u64::from(half(0)) << 30) + u64::from(half(4))
                }
                _ => u64::from_ne_bytes(frame.words.try_into().unwrap()),
            };
            frames.push((frame.header.kind, number));
            true
        });
        self.inbox.consumer.advance(count);
        frames
    }
}

fn message(words: &[u8]) -> Message<'_> {
    Message {
        kind: VALUE,
        words,
        text: &[],
        attachments: &[],
    }
}

fn seat(ticket: Ticket) -> Seat {
    let (member, channel) = ticket.join();
    let inbox = channel.claim(0).unwrap();
    Seat {
        member,
        inbox,
        channel,
    }
}

fn join(groups: &Arc<Groups>, name: &str) -> Seat {
    seat(Groups::ticket(groups, name))
}

fn covered() -> Arc<Groups> {
    let groups = Groups::new();
    groups.cover();
    groups
}

fn values(numbers: impl IntoIterator<Item = u64>) -> Vec<(u32, u64)> {
    numbers.into_iter().map(|number| (VALUE, number)).collect()
}

const STOCK: (u32, u64) = (kind::STOCK, 0);

#[test]
fn a_post_is_in_every_inbox_of_its_group_but_its_own() {
    let groups = covered();
    let mut ours = [join(&groups, "a"), join(&groups, "a"), join(&groups, "a")];
    let mut other = join(&groups, "b");
    assert_eq!(ours[0].post(1), Posted::Sent);
    assert_eq!(ours[1].post(2), Posted::Sent);
    assert_eq!(ours[0].take(), values([2]));
    assert_eq!(ours[1].take(), values([1]));
    assert_eq!(ours[2].take(), values([1, 2]));
    assert_eq!(other.take(), []);
}

#[test]
fn a_member_alone_posts_to_nobody() {
    let groups = covered();
    let mut alone = join(&groups, "a");
    assert_eq!(alone.post(1), Posted::Sent);
    assert_eq!(alone.take(), []);
}

#[test]
fn words_text_and_attachments_arrive_and_attachments_are_shared() {
    let groups = covered();
    let sender = join(&groups, "a");
    let mut readers = [join(&groups, "a"), join(&groups, "a")];
    let attachment = Bytes::from(vec![7; 5000]);
    let sent = Message {
        kind: 9,
        words: &[1; 16],
        text: b"seven",
        attachments: std::slice::from_ref(&attachment),
    };
    assert_eq!(sender.member.post(&sent), Posted::Sent);
    for reader in &mut readers {
        let visited = reader.inbox.consumer.peek(|frame| {
            assert_eq!(
                (frame.header.kind, frame.words, frame.text),
                (9, &[1; 16][..], &b"seven"[..])
            );
            assert_eq!(
                frame.attachments[0].bytes().unwrap().as_ptr(),
                attachment.as_ptr()
            );
            true
        });
        assert_eq!(visited, 1);
    }
}

#[test]
fn a_message_too_large_reaches_nobody() {
    let groups = covered();
    let sender = join(&groups, "a");
    let mut reader = join(&groups, "a");
    let huge = vec![0; (1 << 30) + 8];
    assert_eq!(sender.member.post(&message(&huge)), Posted::NoMemory);
    sender.post(1);
    assert_eq!(reader.take(), values([1]));
}

#[test]
fn a_member_that_left_gets_nothing_and_the_others_go_on() {
    let groups = covered();
    let sender = join(&groups, "a");
    let Seat {
        member,
        inbox,
        channel,
    } = join(&groups, "a");
    let mut stays = join(&groups, "a");
    drop(member);
    assert!(inbox.consumer.is_closed());
    drop((inbox, channel));
    sender.post(1);
    assert_eq!(stays.take(), values([1]));
}

#[test]
fn who_joins_gets_what_is_posted_from_then_on() {
    let groups = covered();
    let sender = join(&groups, "a");
    sender.post(1);
    let mut late = join(&groups, "a");
    sender.post(2);
    assert!(late.member.began_native);
    assert_eq!(late.take(), values([2]));
}

#[test]
fn nothing_is_native_unless_the_process_is_covered() {
    let groups = Groups::new();
    let mut seats = [join(&groups, "a"), join(&groups, "a")];
    assert!(!seats[0].member.began_native);
    assert_eq!(seats[0].post(1), Posted::Stock);
    groups.cover();
    assert_eq!(seats[0].post(2), Posted::Sent);
    assert_eq!(seats[1].take(), [(kind::SWITCH, 0), (VALUE, 2)]);
    groups.uncover();
    assert_eq!(seats[0].post(3), Posted::Stock);
    assert_eq!(seats[1].take(), [STOCK]);
    groups.cover();
    assert_eq!(seats[0].post(4), Posted::Stock, "uncovered is for good");
}

#[test]
fn a_stock_post_is_between_two_frames_and_counted_for_the_others() {
    let groups = covered();
    let mut seats = [join(&groups, "a"), join(&groups, "a"), join(&groups, "a")];
    seats[0].post(1);
    seats[0].member.begin_stock();
    assert_eq!(seats[1].post(2), Posted::Stock, "while it is under way");
    seats[0].member.end_stock(true);
    seats[1].post_stock();
    seats[1].member.begin_stock();
    seats[1].member.end_stock(false);
    assert_eq!(seats[0].post(3), Posted::Sent);
    let switch = |expected| (kind::SWITCH, expected);
    assert_eq!(seats[0].take(), [STOCK, switch(1)]);
    assert_eq!(seats[1].take(), [(VALUE, 1), STOCK, switch(1), (VALUE, 3)]);
    assert_eq!(seats[2].take(), [(VALUE, 1), STOCK, switch(2), (VALUE, 3)]);
}

#[test]
fn who_joins_among_stock_posts_expects_those_after_it() {
    let groups = covered();
    let sender = join(&groups, "a");
    sender.post_stock();
    let mut late = join(&groups, "a");
    assert!(!late.member.began_native);
    sender.post_stock();
    sender.post_stock();
    sender.post(1);
    assert_eq!(late.take(), [(kind::SWITCH, 2), (VALUE, 1)]);
}

#[test]
fn a_member_whose_stock_queue_cannot_be_known_keeps_the_group_stock_while_it_is_there() {
    let groups = covered();
    let sender = join(&groups, "a");
    // A post is under way when its stock port is made.
    sender.member.begin_stock();
    let ticket = Groups::ticket(&groups, "a");
    sender.member.end_stock(true);
    let during = seat(ticket);
    assert_eq!(sender.post(1), Posted::Stock);
    drop(during);
    assert_eq!(sender.post(2), Posted::Sent);
    // One has begun and ended between the making of its stock port and its joining.
    let ticket = Groups::ticket(&groups, "a");
    sender.post_stock();
    let between = seat(ticket);
    assert_eq!(sender.post(3), Posted::Stock);
    drop(between);
    assert_eq!(sender.post(4), Posted::Sent);
}

#[test]
fn a_group_does_not_return_to_native_while_a_stock_port_has_not_joined() {
    let groups = covered();
    let sender = join(&groups, "a");
    let unused = Groups::ticket(&groups, "a");
    assert_eq!(sender.post(1), Posted::Sent, "a native group goes on");
    sender.post_stock();
    let ticket = Groups::ticket(&groups, "a");
    drop(unused);
    assert_eq!(sender.post(2), Posted::Stock);
    let mut late = seat(ticket);
    assert_eq!(sender.post(3), Posted::Sent);
    assert_eq!(late.take(), [(kind::SWITCH, 0), (VALUE, 3)]);
}

#[test]
fn a_group_lives_as_long_as_somebody_is_about_to_join() {
    let groups = covered();
    let first = join(&groups, "a");
    first.post_stock();
    let ticket = Groups::ticket(&groups, "a");
    drop(first);
    let second = join(&groups, "a");
    assert!(!second.member.began_native);
    second.post_stock();
    let late = seat(ticket);
    assert_eq!(second.post(1), Posted::Stock);
    drop((second, late));
    assert!(join(&groups, "a").member.began_native, "a new one");
}

#[test]
fn a_member_that_ends_in_the_middle_of_a_stock_post_leaves_the_group_stock() {
    let groups = covered();
    let sender = join(&groups, "a");
    let killed = join(&groups, "a");
    killed.member.begin_stock();
    drop(killed);
    assert_eq!(sender.post(1), Posted::Stock);
}

#[test]
fn a_pinned_group_stays_stock_and_others_do_not() {
    let groups = covered();
    let mut pinned = [join(&groups, "a"), join(&groups, "a")];
    let free = join(&groups, "b");
    pinned[0].member.pin();
    assert_eq!(pinned[1].post(1), Posted::Stock);
    assert_eq!(pinned[1].take(), [STOCK]);
    assert_eq!(free.post(1), Posted::Sent);
}

#[test]
fn a_thread_uncovers_the_process_until_it_says_that_it_is_clean() {
    let groups = covered();
    let sender = join(&groups, "a");
    groups.thread_seen(7);
    assert_eq!(sender.post(1), Posted::Stock);
    groups.thread_clean(7);
    groups.thread_seen(7);
    assert_eq!(sender.post(2), Posted::Sent);
    assert_eq!(sender.post(3), Posted::Sent);
    groups.thread_gone(7);
    assert_eq!(sender.post(4), Posted::Sent);
}

#[test]
fn a_thread_that_did_not_start_is_forgotten() {
    let groups = covered();
    let sender = join(&groups, "a");
    groups.thread_seen(7);
    groups.thread_failed(7);
    assert_eq!(sender.post(1), Posted::Sent);
}

#[test]
fn groups_that_an_unknown_thread_may_have_posted_to_stay_stock() {
    let groups = covered();
    let old = join(&groups, "a");
    groups.thread_seen(7);
    groups.thread_gone(7);
    assert_eq!(old.post(1), Posted::Stock);
    assert_eq!(join(&groups, "b").post(1), Posted::Sent);
    drop(old);
    assert_eq!(
        join(&groups, "a").post(1),
        Posted::Sent,
        "a new group begins anew"
    );
}

#[test]
fn posts_of_many_threads_have_one_order_that_all_members_see() {
    const POSTS: u64 = 2000;
    let groups = covered();
    let mut readers = [join(&groups, "a"), join(&groups, "a")];
    let senders: Vec<_> = (0..4u64)
        .map(|sender| {
            let seat = join(&groups, "a");
            thread::spawn(move || {
                for number in 0..POSTS {
                    assert_eq!(seat.post(sender * POSTS + number), Posted::Sent);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
    let seen = readers[0].take();
    assert_eq!(seen.len() as u64, 4 * POSTS);
    assert_eq!(seen, readers[1].take());
    for sender in 0..4 {
        let own = seen.iter().filter(|(_, number)| number / POSTS == sender);
        assert!(own.map(|(_, number)| number % POSTS).eq(0..POSTS));
    }
}

/// What a reader would deliver: frames, and from the stock queue as much as each SWITCH asks for.
#[derive(Clone, Debug)]
enum Action {
    Post(usize),
    Stock(usize),
    Join,
    Leave(usize),
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => any::<usize>().prop_map(Action::Post),
        2 => any::<usize>().prop_map(Action::Stock),
        1 => Just(Action::Join),
        1 => any::<usize>().prop_map(Action::Leave),
    ]
}

proptest! {
    /// Each member is given, by inbox and stock queue together, what was posted by others while it was there, in order.
    #[test]
    fn inbox_and_stock_queue_together_are_all_posts_in_order(actions in prop::collection::vec(action(), 1..60)) {
        let groups = covered();
        let mut seats: Vec<(Seat, Vec<u64>, Vec<u64>)> = vec![(join(&groups, "a"), vec![], vec![])];
        for (number, action) in (0u64..).zip(actions) {
            let sender = match action {
                Action::Join => {
                    seats.push((join(&groups, "a"), vec![], vec![]));
                    continue;
                }
                Action::Leave(at) if seats.len() > 1 => {
                    let (mut seat, stock, expected) = seats.remove(at % seats.len());
                    prop_assert_eq!(delivered(&mut seat, &stock), expected);
                    continue;
                }
                Action::Post(at) | Action::Stock(at) | Action::Leave(at) => at % seats.len(),
            };
            let fits = !matches!(action, Action::Stock(_));
            if !(fits && seats[sender].0.post(number) == Posted::Sent) {
                seats[sender].0.member.begin_stock();
                for (at, (_, stock, _)) in seats.iter_mut().enumerate() {
                    if at != sender {
                        stock.push(number);
                    }
                }
                seats[sender].0.member.end_stock(true);
            }
            for (at, (_, _, expected)) in seats.iter_mut().enumerate() {
                if at != sender {
                    expected.push(number);
                }
            }
        }
        for (seat, stock, expected) in &mut seats {
            prop_assert_eq!(&delivered(seat, stock), expected);
        }
    }
}

fn delivered(seat: &mut Seat, stock: &[u64]) -> Vec<u64> {
    let mut all = Vec::new();
    let mut taken = 0;
    for (kind, number) in seat.take() {
        match kind {
            VALUE => all.push(number),
            kind::SWITCH => {
                let expected = usize::try_from(number).unwrap();
                all.extend_from_slice(&stock[taken..expected]);
                taken = expected;
            }
            _ => {}
        }
    }
    all.extend_from_slice(&stock[taken..]);
    all
}
