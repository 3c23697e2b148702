//! Behaviour of reactor, doorbell and poll policy.
#![cfg(not(loom))]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use threadport::wake::{Doorbell, Poll, PollPolicy, Reactor, SpinTokens, Waker};

/// Counts wakes, and lets a thread wait for one.
#[derive(Clone, Default)]
struct Wakes(Arc<(Mutex<usize>, Condvar)>);

impl Waker for Wakes {
    fn wake(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_all();
    }
}

impl Wakes {
    fn count(&self) -> usize {
        *self.0.0.lock().unwrap()
    }

    fn wait_above(&self, seen: usize) -> usize {
        let count = self.0.0.lock().unwrap();
        let (count, timeout) = self
            .0
            .1
            .wait_timeout_while(count, Duration::from_secs(20), |count| *count <= seen)
            .unwrap();
        assert!(!timeout.timed_out(), "a wake was lost");
        *count
    }
}

fn reactor() -> (Arc<Reactor>, Wakes) {
    let wakes = Wakes::default();
    (Reactor::new(Box::new(wakes.clone())), wakes)
}

fn slots(reactor: &Reactor) -> Vec<u32> {
    std::iter::from_fn(|| reactor.next()).collect()
}

#[test]
fn posts_to_an_awake_reactor_wake_nobody() {
    let (reactor, wakes) = reactor();
    assert!(!reactor.has_news());
    reactor.post(3);
    reactor.poll_begin();
    reactor.post(4);
    assert!(reactor.has_news());
    assert_eq!(slots(&reactor), [3, 4]);
    assert_eq!(wakes.count(), 0);
}

#[test]
fn a_slot_that_is_posted_while_it_is_visited_waits_for_the_others() {
    let (reactor, _) = reactor();
    for slot in [1, 1, 2, 1] {
        reactor.post(slot);
    }
    assert_eq!(reactor.next(), Some(1));
    for slot in [1, 3, 1] {
        reactor.post(slot);
    }
    assert_eq!(slots(&reactor), [2, 1, 3]);
    assert!(!reactor.has_news());
    assert!(reactor.park());
}

#[test]
fn what_the_owner_lists_has_its_turn_among_the_posts() {
    let (reactor, wakes) = reactor();
    reactor.post(1);
    reactor.list(2);
    reactor.list(2);
    assert!(reactor.has_news());
    assert_eq!(slots(&reactor), [2, 1]);
    reactor.list(3);
    assert!(!reactor.park());
    assert_eq!(slots(&reactor), [3]);
    assert_eq!(wakes.count(), 0);
}

#[test]
fn one_wake_per_park() {
    let (reactor, wakes) = reactor();
    for round in 1..4 {
        assert!(reactor.park());
        reactor.post(1);
        reactor.post(2);
        assert_eq!(wakes.count(), round);
        reactor.unpark();
        reactor.post(3);
        assert_eq!(wakes.count(), round);
        assert_eq!(slots(&reactor), [1, 2, 3]);
    }
}

#[test]
fn a_thread_that_woke_by_itself_is_not_woken() {
    let (reactor, wakes) = reactor();
    assert!(reactor.park());
    reactor.unpark();
    reactor.post(1);
    assert_eq!(wakes.count(), 0);
    assert_eq!(slots(&reactor), [1]);
}

#[test]
fn a_reactor_with_news_does_not_park() {
    let (reactor, wakes) = reactor();
    reactor.poll_begin();
    reactor.post(1);
    assert!(!reactor.park());
    reactor.post(2);
    assert_eq!(wakes.count(), 0);
    assert_eq!(slots(&reactor), [1, 2]);
    assert!(reactor.park());
}

#[test]
fn a_dead_reactor_takes_nothing_and_wakes_nobody() {
    let (reactor, wakes) = reactor();
    assert!(reactor.park());
    reactor.post(1);
    reactor.kill();
    reactor.kill();
    reactor.post(2);
    assert!(!reactor.has_news());
    assert_eq!(wakes.count(), 1);
}

#[test]
fn killing_drops_the_waker() {
    let (reactor, wakes) = reactor();
    reactor.kill();
    assert_eq!(Arc::strong_count(&wakes.0), 1);
}

#[test]
fn rings_coalesce_until_answered() {
    let (reactor, _) = reactor();
    let bell = Doorbell::new();
    bell.attach(reactor.clone(), 5);
    bell.ring();
    bell.ring();
    assert_eq!(slots(&reactor), [5]);
    bell.ring();
    assert_eq!(slots(&reactor), []);
    bell.answer();
    bell.ring();
    assert_eq!(slots(&reactor), [5]);
}

#[test]
fn a_ring_before_attach_is_posted_by_attach() {
    let (reactor, _) = reactor();
    let bell = Doorbell::new();
    bell.ring();
    bell.attach(reactor.clone(), 5);
    assert_eq!(slots(&reactor), [5]);
}

#[test]
fn an_unanswered_ring_moves_to_the_next_reactor() {
    let (old, _) = reactor();
    let (new, wakes) = reactor();
    let bell = Doorbell::new();
    bell.attach(old.clone(), 1);
    bell.ring();
    bell.detach();
    old.kill();
    assert!(new.park());
    bell.attach(new.clone(), 2);
    assert_eq!(wakes.count(), 1);
    new.unpark();
    assert_eq!(slots(&new), [2]);
    bell.answer();
    bell.detach();
    bell.ring();
    assert_eq!(slots(&new), []);
}

#[test]
fn a_detached_bell_holds_no_reactor() {
    let (reactor, _) = reactor();
    let bell = Doorbell::new();
    bell.attach(reactor.clone(), 1);
    assert_eq!(Arc::strong_count(&reactor), 2);
    bell.detach();
    assert_eq!(Arc::strong_count(&reactor), 1);
}

#[test]
fn three_threads_no_frame_is_left_behind() {
    const EACH: usize = 50_000;
    let (reactor, wakes) = reactor();
    let bells: Arc<Vec<(Doorbell, AtomicUsize)>> = Arc::new(
        (0..3)
            .map(|_| (Doorbell::new(), AtomicUsize::new(0)))
            .collect(),
    );
    for (slot, (bell, _)) in bells.iter().enumerate() {
        bell.attach(reactor.clone(), slot as u32);
    }
    let senders: Vec<_> = (0..3)
        .map(|slot| {
            let bells = bells.clone();
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    bells[slot].1.fetch_add(1, Ordering::Release);
                    bells[slot].0.ring();
                }
            })
        })
        .collect();
    let mut taken = 0;
    let mut woken = 0;
    while taken < 3 * EACH {
        while let Some(slot) = reactor.next() {
            let (bell, frames) = &bells[slot as usize];
            bell.answer();
            taken += frames.swap(0, Ordering::Acquire);
        }
        if taken < 3 * EACH && reactor.park() {
            woken = wakes.wait_above(woken);
            reactor.unpark();
        }
    }
    senders.into_iter().for_each(|s| s.join().unwrap());
}

#[test]
fn no_wake_runs_after_kill_returned() {
    /// Fails if it is woken after its flag was set.
    struct Handle(Arc<AtomicBool>);
    impl Waker for Handle {
        fn wake(&self) {
            assert!(!self.0.load(Ordering::SeqCst), "woken after the kill");
        }
    }
    for _ in 0..500 {
        let closed = Arc::new(AtomicBool::new(false));
        let reactor = Reactor::new(Box::new(Handle(closed.clone())));
        assert!(reactor.park());
        let sender = reactor.clone();
        let sender = std::thread::spawn(move || (0..20).for_each(|slot| sender.post(slot)));
        reactor.kill();
        closed.store(true, Ordering::SeqCst);
        sender.join().unwrap();
        assert!(!reactor.has_news());
    }
}

/// Tokens for one test alone.
macro_rules! tokens {
    () => {{
        static TOKENS: SpinTokens = SpinTokens::new();
        &TOKENS
    }};
}

/// Runs an episode that finds no traffic inside the window; answers for how long it polled.
fn lose(policy: &mut PollPolicy, clock: &mut u64) -> u64 {
    let since = *clock;
    loop {
        match policy.decide(*clock) {
            Poll::Spin { ns } => *clock += ns,
            Poll::Yield => *clock += 1_000,
            Poll::Park => break,
        }
    }
    policy.on_park();
    let polled = *clock - since;
    *clock += 1_000_000;
    policy.on_traffic(*clock);
    polled
}

/// Runs an episode whose traffic comes after `gap`; answers whether it polled.
fn win(policy: &mut PollPolicy, clock: &mut u64, gap: u64) -> bool {
    let polled = matches!(policy.decide(*clock), Poll::Spin { .. });
    *clock += gap;
    policy.on_traffic(*clock);
    polled
}

#[test]
fn after_traffic_a_thread_polls_for_a_window_in_slices() {
    let mut policy = PollPolicy::with_tokens(4, tokens!());
    let mut clock = 1_000;
    policy.on_traffic(clock);
    assert_eq!(
        policy.decide(clock),
        Poll::Spin {
            ns: PollPolicy::SLICE
        }
    );
    let ends = clock + PollPolicy::WINDOW;
    assert_eq!(policy.decide(ends - 5), Poll::Spin { ns: 5 });
    assert_eq!(policy.decide(ends), Poll::Park);
    clock = ends;
    policy.on_traffic(clock);
    assert_eq!(lose(&mut policy, &mut clock), PollPolicy::WINDOW);
}

#[test]
fn polling_that_does_not_pay_backs_off() {
    let mut policy = PollPolicy::with_tokens(4, tokens!());
    let mut clock = 0;
    let spent: u64 = (0..1_000).map(|_| lose(&mut policy, &mut clock)).sum();
    let late: Vec<u64> = (0..100).map(|_| lose(&mut policy, &mut clock)).collect();
    assert!(spent < 60 * PollPolicy::WINDOW, "polled {spent} ns");
    assert!(late.iter().filter(|&&polled| polled > 0).count() <= 7);
    assert!(late.iter().all(|&polled| polled <= PollPolicy::WINDOW / 2));
}

#[test]
fn polling_that_pays_again_recovers_quickly() {
    let mut policy = PollPolicy::with_tokens(4, tokens!());
    let mut clock = 0;
    for _ in 0..1_000 {
        lose(&mut policy, &mut clock);
    }
    let tries = (0..100)
        .position(|_| win(&mut policy, &mut clock, 2_000))
        .unwrap();
    assert!(tries <= 64, "the longest pause, then the poll that wins");
    assert!((0..20).all(|_| win(&mut policy, &mut clock, 2_000)));
    assert_eq!(lose(&mut policy, &mut clock), PollPolicy::WINDOW);
}

#[test]
fn what_is_expected_in_vain_is_not_waited_for() {
    let mut policy = PollPolicy::with_tokens(4, tokens!());
    let mut clock = 0;
    let waits = (0..1_000)
        .filter(|_| {
            policy.on_traffic(clock);
            let waits = policy.expect(clock);
            if waits {
                lose(&mut policy, &mut clock);
            }
            clock += 1_000_000;
            waits
        })
        .count();
    assert!((4..60).contains(&waits), "waited {waits} times");
}

#[test]
fn a_single_core_never_spins() {
    let mut policy = PollPolicy::with_tokens(1, tokens!());
    for now in 0..100 {
        policy.on_traffic(now * 1_000);
        assert_eq!(policy.decide(now * 1_000 + 1), Poll::Park);
    }
}

#[test]
fn no_more_spinners_than_cores_but_one() {
    let tokens = tokens!();
    let mut policies: Vec<PollPolicy> =
        (0..4).map(|_| PollPolicy::with_tokens(3, tokens)).collect();
    let decisions: Vec<Poll> = policies.iter_mut().map(|p| p.decide(0)).collect();
    let slice = Poll::Spin {
        ns: PollPolicy::SLICE,
    };
    assert_eq!(decisions, [slice, slice, Poll::Yield, Poll::Yield]);
    assert_eq!(policies[2].decide(PollPolicy::WINDOW), Poll::Park);
    policies[0].on_traffic(100);
    assert_eq!(tokens.held(), 1);
    assert_eq!(policies[3].decide(200), slice);
    policies[1].on_park();
    assert_eq!(tokens.held(), 1);
    drop(policies);
    assert_eq!(tokens.held(), 0);
}

#[test]
fn a_poll_that_loses_the_core_is_followed_by_a_rest() {
    let mut policy = PollPolicy::with_tokens(4, tokens!());
    let mut clock = 0;
    let mut rests = Vec::new();
    for _ in 0..10 {
        assert!(matches!(policy.decide(clock), Poll::Spin { .. }));
        policy.on_lost();
        assert_eq!(policy.decide(clock), Poll::Park, "not in this episode");
        policy.on_traffic(clock);
        rests.push(
            (0..)
                .position(|_| win(&mut policy, &mut clock, 2_000))
                .unwrap(),
        );
    }
    assert_eq!(rests, [31, 63, 127, 255, 511, 1023, 2047, 2047, 2047, 2047]);
    for _ in 0..300 {
        assert!(win(&mut policy, &mut clock, 2_000));
    }
    policy.on_lost();
    let rest = (0..).position(|_| win(&mut policy, &mut clock, 2_000));
    assert_eq!(rest, Some(32), "after a calm time as if for the first time");
}
