//! The only place with N-API and libuv. No algorithm lives here: it turns JS calls into calls of
//! the core and loop events into calls of JS.
//!
//! `send`, `take`, `op`, and what they need run for each message; everything else is the `#[napi]` class [`ports::Binding`], which JS
//! calls when a port is made, moved, started or closed, and for what is not about one message.

mod batch;
mod entry;
mod env;
mod external;
#[cfg(faults)]
mod faults;
mod group;
mod guard;
mod hooks;
mod layout;
mod listening;
mod moving;
mod offer;
mod op;
mod pin;
mod polling;
mod port;
mod ports;
mod posted;
mod program;
mod queue;
mod queue_pop;
mod queue_push;
mod queue_spin;
mod send;
mod take;
mod text;
mod uv;
mod waking;
mod watching;
mod words;
