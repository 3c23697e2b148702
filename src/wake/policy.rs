//! Whether a thread that ran out of work polls for more, and for how long.
//!
//! Pure: no clock, no sleep. Times are nanoseconds of any monotonic clock, passed in.
//!
//! ```text
//!  on_traffic        decide    decide    decide                        decide
//!  ----|---------------|---------|---------|------------ ... -------------|------> time
//!     work           Spin 10   Spin 10   Spin ..   the window is over:   Park
//!                    \____ one episode: won if traffic comes inside the window ____/
//! ```
//!
//! An episode that polled and won raises the score by half of what is missing; one that lost lowers it by a
//! quarter. Below half, a lost poll is followed by 1, 2, 4 .. 64 episodes without polling, and polls are half as
//! long. Only a poll that wins ends the pauses: traffic that comes soon to a thread which sleeps proves nothing,
//! because where cores are short it is the sleeping that lets the other side run. A poll that loses the core to another program is followed by a rest
//! of its own (`rest.rs`).

use super::rest::Rest;
use crate::sync::process::{AtomicUsize, Ordering};

/// How many threads spin at the same time. One for the process; tests have their own.
#[derive(Debug, Default)]
pub struct SpinTokens {
    /// Tokens given out. Any thread; a quota, orders nothing.
    held: AtomicUsize,
}

static PROCESS: SpinTokens = SpinTokens::new();

impl SpinTokens {
    /// All tokens free.
    pub const fn new() -> Self {
        Self {
            held: AtomicUsize::new(0),
        }
    }

    /// How many threads spin. Racy.
    pub fn held(&self) -> usize {
        // Relaxed: a statistic.
        self.held.load(Ordering::Relaxed)
    }

    fn take(&self, limit: usize) -> bool {
        // Relaxed: a quota.
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                (held < limit).then_some(held + 1)
            })
            .is_ok()
    }

    fn give_back(&self) {
        // Relaxed: a quota.
        self.held.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a thread without work does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Look for news for `ns` nanoseconds, then ask again.
    Spin {
        /// At most [`PollPolicy::SLICE`].
        ns: u64,
    },
    /// Stay in the loop without spinning, and ask again: other threads spin already.
    Yield,
    /// Sleep until woken.
    Park,
}

/// The adaptive poll of one reactor.
#[derive(Debug)]
pub struct PollPolicy {
    tokens: &'static SpinTokens,
    /// Threads that may spin at the same time; 0 on a single core.
    limit: usize,
    /// This policy holds one of the tokens.
    spinning: bool,
    /// The running episode: from the first `decide` after traffic to the next traffic.
    episode: Option<Episode>,
    /// How well polling paid lately, 0 to `SURE`.
    score: u32,
    /// Episodes still to pass without polling.
    pause: u32,
    /// The pause after the next lost poll while the score is low.
    next_pause: u32,
    rest: Rest,
}

#[derive(Clone, Copy, Debug)]
struct Episode {
    /// When it began.
    since: u64,
    /// How long it may poll; 0: this one does not poll.
    budget: u64,
}

const SURE: u32 = 256;
const LOW: u32 = SURE / 2;
const LONGEST_PAUSE: u32 = 64;

impl PollPolicy {
    /// The longest that a thread polls after traffic, in nanoseconds.
    pub const WINDOW: u64 = 60_000;
    /// The longest single spin, in nanoseconds.
    pub const SLICE: u64 = 10_000;

    /// The policy of one thread on a machine of `cores` cores.
    pub fn new(cores: usize) -> Self {
        Self::with_tokens(cores, &PROCESS)
    }

    /// As `new`, with tokens of its own.
    pub fn with_tokens(cores: usize, tokens: &'static SpinTokens) -> Self {
        Self {
            tokens,
            limit: cores.saturating_sub(1),
            spinning: false,
            episode: None,
            score: SURE,
            pause: 0,
            next_pause: 1,
            rest: Rest::default(),
        }
    }

    /// There was work. Ends the episode and gives the token back.
    pub fn on_traffic(&mut self, now: u64) {
        self.release();
        if let Some(episode) = self.episode.take() {
            self.learn(episode, now.saturating_sub(episode.since));
        }
    }

    /// Traffic may come: is it worth asking `decide`? If not, this counts as an episode without polling.
    pub fn expect(&mut self, now: u64) -> bool {
        let pays = self.budget() > 0;
        if !pays {
            self.begin(now);
        }
        pays
    }

    /// There is no work. What now?
    pub fn decide(&mut self, now: u64) -> Poll {
        let episode = match self.episode {
            Some(episode) => episode,
            None => self.begin(now),
        };
        let left = episode
            .budget
            .saturating_sub(now.saturating_sub(episode.since));
        if left == 0 {
            self.release();
            return Poll::Park;
        }
        self.spinning = self.spinning || self.tokens.take(self.limit);
        if self.spinning {
            let ns = left.min(Self::SLICE);
            Poll::Spin { ns }
        } else {
            Poll::Yield
        }
    }

    /// A spin came back late by more than [`LOST`](super::LOST). The episode does not poll any more.
    pub fn on_lost(&mut self) {
        self.release();
        self.rest.on_lost();
        if let Some(episode) = &mut self.episode {
            episode.budget = 0;
        }
    }

    /// The thread goes to sleep. Gives the token back.
    pub fn on_park(&mut self) {
        self.release();
    }

    fn begin(&mut self, now: u64) -> Episode {
        let episode = Episode {
            since: now,
            budget: self.budget(),
        };
        self.episode = Some(episode);
        episode
    }

    fn budget(&self) -> u64 {
        if self.limit == 0 || self.pause > 0 || self.rest.is_due() {
            return 0;
        }
        if self.score >= LOW {
            Self::WINDOW
        } else {
            Self::WINDOW / 2
        }
    }

    /// Traffic came `gap` nanoseconds after the thread had run out of work.
    fn learn(&mut self, episode: Episode, gap: u64) {
        if episode.budget == 0 {
            self.pause = self.pause.saturating_sub(1);
            self.rest.pass();
            return;
        }
        self.rest.on_kept();
        if gap <= episode.budget {
            self.score += (SURE - self.score).div_ceil(2);
            self.next_pause = 1;
        } else {
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.score -= self.score / 4;
        if self.score < LOW {
            self.pause = self.next_pause;
            self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.spinning) {
            self.tokens.give_back();
        }
    }
}

impl Drop for PollPolicy {
    fn drop(&mut self) {
        self.release();
    }
}
