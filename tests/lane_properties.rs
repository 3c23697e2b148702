//! A lane against a `VecDeque`: any sequence of operations, on one thread.
#![cfg(not(loom))]

mod support;

use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::VecDeque;
use support::{Live, Recipe};
use threadport::lane::{Consumer, Producer, lane};

#[derive(Clone, Debug)]
enum Step {
    Push(Recipe),
    Abort(usize, usize),
    Peek(usize),
    Advance(usize),
    Close,
    DropProducer,
    DropConsumer,
}

fn text() -> impl Strategy<Value = usize> {
    prop_oneof![
        8 => 0..100usize,
        2 => 0..5000usize,
        1 => 120_000..140_000usize,
        1 => Just(0),
    ]
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let attachments = prop_oneof![
        4 => Just(Vec::new()),
        1 => vec(0..2000usize, 1..4),
    ];
    (any::<u32>(), 0..40usize, text(), attachments).prop_map(|(seed, words, text, attachments)| {
        Recipe {
            seed,
            words,
            text,
            attachments,
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        40 => recipe().prop_map(Step::Push),
        2 => (0..40usize, text()).prop_map(|(words, text)| Step::Abort(words, text)),
        10 => (0..30usize).prop_map(Step::Peek),
        20 => (0..12usize).prop_map(Step::Advance),
        1 => Just(Step::Close),
        1 => Just(Step::DropProducer),
        1 => Just(Step::DropConsumer),
    ]
}

/// A lane and what it should hold.
struct Model {
    producer: Option<Producer>,
    consumer: Option<Consumer>,
    frames: VecDeque<Recipe>,
    closed: bool,
    accepted: u64,
    consumed: u64,
    live: Live,
}

impl Model {
    fn new() -> Self {
        let (producer, consumer) = lane();
        Self {
            producer: Some(producer),
            consumer: Some(consumer),
            frames: VecDeque::new(),
            closed: false,
            accepted: 0,
            consumed: 0,
            live: Live::default(),
        }
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Push(recipe) => self.push(recipe),
            Step::Abort(words, text) => {
                if let Some(producer) = &mut self.producer {
                    let _abandoned = producer.reserve(words * 8, text).unwrap();
                }
            }
            Step::Peek(most) => self.peek(most),
            Step::Advance(n) => self.advance(n),
            Step::Close => {
                if let Some(producer) = &mut self.producer {
                    producer.close();
                    self.closed = true;
                }
            }
            Step::DropProducer => {
                self.producer = None;
                self.closed = true;
            }
            Step::DropConsumer => {
                self.consumer = None;
                self.frames.clear();
            }
        }
        self.check();
    }

    fn push(&mut self, recipe: Recipe) {
        let Some(producer) = &mut self.producer else {
            return;
        };
        recipe.push(producer, &self.live).unwrap();
        if self.closed {
            return;
        }
        self.accepted += recipe.size();
        if self.consumer.is_some() {
            self.frames.push_back(recipe);
        }
    }

    fn peek(&mut self, most: usize) {
        let Some(consumer) = &mut self.consumer else {
            return;
        };
        let mut seen = 0;
        let frames = &self.frames;
        let visited = consumer.peek(|frame| {
            frames[seen].check(&frame);
            if seen == most {
                return false;
            }
            seen += 1;
            true
        });
        assert_eq!(visited, seen);
        assert_eq!(visited, most.min(frames.len()));
    }

    fn advance(&mut self, n: usize) {
        let Some(consumer) = &mut self.consumer else {
            return;
        };
        let n = n.min(self.frames.len());
        consumer.advance(n);
        self.consumed += self.frames.drain(..n).map(|r| r.size()).sum::<u64>();
    }

    fn check(&mut self) {
        let attachments: usize = self.frames.iter().map(|r| r.attachments.len()).sum();
        assert_eq!(self.live.count(), attachments);
        if let Some(consumer) = &mut self.consumer {
            assert_eq!(consumer.is_empty(), self.frames.is_empty());
            assert_eq!(consumer.is_closed(), self.closed);
            assert_eq!(consumer.consumed(), self.consumed);
        }
        if let Some(producer) = &self.producer {
            assert_eq!(producer.accepted(), self.accepted);
            assert_eq!(producer.is_consumer_gone(), self.consumer.is_none());
            let buffered = match self.consumer {
                Some(_) => self.accepted - self.consumed,
                None => 0,
            };
            assert_eq!(producer.buffered(), buffered);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_lane_behaves_like_a_queue(steps in vec(step(), 0..120)) {
        let mut model = Model::new();
        for step in steps {
            model.apply(step);
        }
        let live = model.live.clone();
        drop(model);
        prop_assert_eq!(live.count(), 0);
    }
}
